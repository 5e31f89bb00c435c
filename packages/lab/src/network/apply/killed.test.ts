/** A lab that is killed while it comes up leaves a half; the next up, or a down, clears it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { listNamespaces } from "@carrick/agent/net";
import { isBuilt } from "./build.ts";
import { withRunLock } from "./lock.ts";
import { bringUp, takeDown } from "./network.ts";
import { readSnapshot } from "../compare/read-snapshot.ts";
import { compareSnapshots } from "../compare/snapshot.ts";
import { startMachines, testRun, topology } from "../fixture.ts";
import { placesOf, runPrefix } from "../plan/place.ts";
import { addressesOf } from "../plan/addresses.ts";
import { planNetwork } from "../plan/plan.ts";

const modules = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);

/** Builds the run in another process, which is killed when the build reads `object.key` of the plan. */
async function killedUp(run: string, object: string, key: string): Promise<void> {
  const source = `
    const { buildNetwork } = await import(${modules("./build.ts")});
    const { withRunLock } = await import(${modules("./lock.ts")});
    const plan = ${JSON.stringify(planNetwork(topology, run))};
    Object.defineProperty(${object}, ${JSON.stringify(key)}, { get: () => process.kill(process.pid, "SIGKILL") });
    await withRunLock(${JSON.stringify(run)}, () => buildNetwork(plan));`;
  const args = ["--conditions=source", "--input-type=module", "-e", source];
  const [code, signal] = await once(spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] }), "exit");
  assert.deepEqual([code, signal], [null, "SIGKILL"]);
}

const made = (run: string): number => listNamespaces().filter((name) => name.startsWith(runPrefix(run))).length;

const POINTS: readonly [when: string, object: string, key: string, namespaces: number][] = [
  ["the fifth of nine namespaces is made", "plan.namespaces[4]", "settings", 5],
  ["half of the cables are plugged in", "plan.cables[4]", "ends", 9],
  ["the last machine has no routes yet", "plan.namespaces[8].links[0]", "routes", 9],
];

for (const [when, object, key, namespaces] of POINTS) {
  test(`killed when ${when}, it comes up whole the next time`, async (t) => {
    const run = testRun(t);
    const before = await readSnapshot(run);
    await killedUp(run, object, key);
    assert.equal(made(run), namespaces);
    assert.equal(isBuilt(planNetwork(topology, run)), false);

    assert.equal(await bringUp(topology, run), true);
    assert.equal(isBuilt(planNetwork(topology, run)), true);
    const ends = placesOf(topology).filter(({ kind }) => kind === "node");
    const [first, last] = await startMachines(t, run, [ends[0]!, ends.at(-1)!]);
    for (const address of Object.values(addressesOf(topology, ends.at(-1)!))) {
      assert.equal((await first!.ask({ address })).length, 1);
    }
    await takeDown(run);
    await last!.tied.exited;
    assert.deepEqual(compareSnapshots(before, await readSnapshot(run)), []);
  });

  test(`killed when ${when}, it is taken down by its name alone`, async (t) => {
    const run = testRun(t);
    const before = await readSnapshot(run);
    await killedUp(run, object, key);
    assert.deepEqual(await takeDown(run), { processes: 0, namespaces });
    assert.deepEqual(compareSnapshots(before, await readSnapshot(run)), []);
  });
}

test("what cannot be made whole is removed again", async (t) => {
  const run = testRun(t);
  const before = await readSnapshot(run);
  const clusters = topology.clusters.map((cluster, at) => ({ ...cluster, index: at === 0 ? 1 : 10 ** 12 }));
  await assert.rejects(bringUp({ ...topology, clusters }, run), { name: "LinkNameError" });
  assert.deepEqual(compareSnapshots(before, await readSnapshot(run)), []);
});

test("two that change one run at once: one is refused, and the lock ends with its holder", async (t) => {
  const run = testRun(t);
  await withRunLock(run, async () => {
    await assert.rejects(takeDown(run), { name: "RunLockedError", message: /another process changes it now/ });
    await withRunLock("other", () => undefined);
  });
  await assert.rejects(
    withRunLock(run, () => assert.fail("in the middle")),
    /in the middle/,
  );
  await takeDown(run);
});
