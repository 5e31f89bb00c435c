/** Runs that come and go, beside each other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listNamespaces } from "@carrick/agent/net";
import { readSnapshot } from "../compare/read-snapshot.ts";
import { compareSnapshots } from "../compare/snapshot.ts";
import { around, cut } from "../fault/fault.ts";
import { addFaults } from "../fault/faults.ts";
import { address, answered, GONE, lab, places, startMachines, testRun, topology } from "../fixture.ts";
import { runPrefix } from "../plan/place.ts";
import { bringUp, takeDown } from "./network.ts";

test("two runs at once have the same addresses and do not touch each other", async (t) => {
  const [one, two] = await Promise.all([lab(t), lab(t)]);
  await addFaults(topology, one.run, cut(around("paris")));
  const target = { address: address("paris/n1").ipv4 };
  assert.ok(!answered(await one.machine("london/n1").ask({ ...target, ...GONE })));
  assert.ok(answered(await two.machine("london/n1").ask(target)));
  await takeDown(one.run);
  assert.equal((await one.machine("london/n1").tied.exited).signal, "SIGKILL", "its programs ended with it");
  assert.ok(answered(await two.machine("london/n1").ask(target)));
  assert.deepEqual(
    listNamespaces().filter((name) => name.startsWith(runPrefix(one.run))),
    [],
  );
});

test("a second up of what stands touches nothing; of another topology it begins anew", async (t) => {
  const { run, machine } = await lab(t);
  assert.equal(await bringUp(topology, run), false);
  assert.ok(answered(await machine("london/n1").ask({ address: address("paris/n1").ipv4 })));
  const smaller = { ...topology, clusters: topology.clusters.slice(0, 1) };
  assert.equal(await bringUp(smaller, run), true);
  assert.deepEqual(
    listNamespaces().filter((name) => name.includes(`${run}-paris`)),
    [],
  );
});

test("after down everything is as it was before up", async (t) => {
  const run = testRun(t);
  const before = await readSnapshot(run);
  await bringUp(topology, run);
  await startMachines(t, run, places);
  const during = compareSnapshots(before, await readSnapshot(run));
  for (const kind of ["network namespace", "cgroup", "pin", "mount", "file", "process"]) {
    assert.ok(
      during.some((sentence) => sentence.startsWith(`${kind} `)),
      `the comparison sees a ${kind}`,
    );
  }
  const { processes, namespaces } = await takeDown(run);
  assert.deepEqual([processes, namespaces], [places.length, places.length + 1]);
  assert.deepEqual(compareSnapshots(before, await readSnapshot(run)), []);
  assert.deepEqual(await takeDown(run), { processes: 0, namespaces: 0 });
});
