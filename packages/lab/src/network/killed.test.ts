/** A lab that is killed while it comes up leaves a half; the next up, or a down, clears it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { test, type TestContext } from "node:test";
import { createNamespace, deleteNamespace, listNamespaces, NAMESPACE_FOLDER } from "@carrick/agent/net";
import { isBuilt } from "./apply/build.ts";
import { withRunLock } from "./apply/lock.ts";
import { bringUp, takeDown } from "./apply/network.ts";
import { readSnapshot } from "./compare/read-snapshot.ts";
import { compareSnapshots } from "./compare/snapshot.ts";
import { startMachines, testRun } from "./fixture.ts";
import { placesOf, runPrefix } from "./plan/place.ts";
import { addressesOf, planNetwork } from "./plan/plan.ts";
import { parseTopology } from "./topology/load.ts";

/** Large, so that there is a middle: 43 namespaces. */
const topology = parseTopology(
  `clusters: [${Array.from({ length: 8 }, (_, at) => `{ name: c${at}, nodes: 4 }`).join(", ")}]`,
  "test",
);

const made = (run: string): number => listNamespaces().filter((name) => name.startsWith(runPrefix(run))).length;

/** Brings the run up in another process, and kills that as soon as `count` namespaces are seen. */
async function killedUp(t: TestContext, run: string, count: number): Promise<void> {
  // The folder has to be there to be watched.
  createNamespace(`cr-${run}`).close();
  deleteNamespace(`cr-${run}`);
  const watcher = watch(NAMESPACE_FOLDER);
  const source = `
    const { bringUp } = await import(${JSON.stringify(new URL("./apply/network.ts", import.meta.url).href)});
    await bringUp(${JSON.stringify(topology)}, ${JSON.stringify(run)});`;
  const args = ["--conditions=source", "--input-type=module", "-e", source];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
  const ended = once(child, "exit");
  t.after(() => child.kill("SIGKILL"));
  watcher.on("change", () => {
    if (made(run) >= count) child.kill("SIGKILL");
  });
  const [, signal] = await ended;
  watcher.close();
  assert.equal(signal, "SIGKILL");
}

for (const count of [1, 12, 35]) {
  test(`killed when ${count} of 43 namespaces stand, it comes up whole the next time`, async (t) => {
    const run = testRun(t);
    const before = await readSnapshot(run);
    await killedUp(t, run, count);
    const left = made(run);
    assert.ok(left >= count, `${left} namespaces are left`);
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
}

test("killed half-way, it is taken down without a state file", async (t) => {
  const run = testRun(t);
  const before = await readSnapshot(run);
  await killedUp(t, run, 20);
  const { namespaces } = await takeDown(run);
  assert.ok(namespaces >= 20);
  assert.deepEqual(compareSnapshots(before, await readSnapshot(run)), []);
});

test("two that change one run at once: one is refused, and the lock ends with its holder", async (t) => {
  const run = testRun(t);
  await withRunLock(run, async () => {
    await assert.rejects(takeDown(run), { name: "RunLockedError", message: /another process changes it now/ });
    await withRunLock(`${run}x`, () => undefined);
  });
  await assert.rejects(
    withRunLock(run, () => assert.fail("in the middle")),
    /in the middle/,
  );
  await takeDown(run);
});
