/** Lines that are cut and lossy, on the kernel. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bringUp } from "../apply/network.ts";
import { startDelay } from "../delay/delays.ts";
import { address, answered, GONE, lab, testRun, topology } from "../fixture.ts";
import { around, cut, EVERYWHERE } from "./fault.ts";
import { addFaults, heal, listFaults } from "./faults.ts";

test("a cluster that is cut off works inside, reaches nobody outside, and is healed", async (t) => {
  const { run, machine } = await lab(t);
  const ask = async (from: string, to: string, wait = 5000): Promise<boolean[]> =>
    Promise.all(
      Object.values(address(to)).map(async (target) => answered(await machine(from).ask({ address: target, wait }))),
    );
  await addFaults(topology, run, cut(around("paris")));
  assert.deepEqual(await ask("london/n1", "paris/n1", 300), [false, false]);
  assert.deepEqual(await ask("paris/n1", "edge", 300), [false, false]);
  assert.deepEqual(await ask("paris/n1", "paris/n2"), [true, true]);
  assert.deepEqual(await ask("paris/n1", "paris/cp"), [true, true]);
  assert.deepEqual(await ask("london/n1", "edge"), [true, true]);
  const faults = await listFaults(run);
  assert.deepEqual(
    faults.map(({ from, to, loss }) => [from, to, loss]),
    [
      ["paris", "*", 100],
      ["*", "paris", 100],
    ],
  );
  assert.ok(
    faults.every(({ packets }) => packets > 0),
    "the rules counted what they took",
  );
  await heal(topology, run, "paris");
  assert.deepEqual(await listFaults(run), []);
  assert.deepEqual(await ask("london/n1", "paris/n1"), [true, true]);
});

test("a node is cut alone, and a line one way only", async (t) => {
  const { run, machine } = await lab(t);
  await addFaults(topology, run, cut(around("london/n2")));
  const target = address("london/n2").ipv4;
  assert.ok(!answered(await machine("london/n1").ask({ address: target, ...GONE })));
  assert.ok(answered(await machine("london/n1").ask({ address: address("london/cp").ipv4 })));
  await heal(topology, run);

  // Questions get there, answers do not; and the other way nothing of that is seen by who is not meant.
  await addFaults(topology, run, [{ from: "paris", to: "london/n1", loss: 100 }]);
  assert.ok(!answered(await machine("london/n1").ask({ address: address("paris/n1").ipv4, ...GONE })));
  assert.ok(answered(await machine("london/n2").ask({ address: address("paris/n1").ipv4 })));
  const [only] = await listFaults(run);
  assert.equal(only?.packets, 1, "only the answer was lost");
  await assert.rejects(addFaults(topology, run, cut(around("berlin"))), {
    name: "PlaceError",
    message: /"berlin" is no place/,
  });
  assert.equal((await listFaults(run)).length, 1, "a fault that cannot be leaves the others");
});

test("two clusters with the same pods come up, and are cut as others are", async (t) => {
  const run = testRun(t);
  const [london, paris] = topology.clusters;
  const same = { ...topology, clusters: [london!, { ...paris!, pods: london!.pods }] };
  await bringUp(same, run);
  await addFaults(same, run, [{ from: "edge", to: EVERYWHERE, loss: 100 }]);
  const delay = await startDelay(same, run, { from: "edge", to: EVERYWHERE, delayMs: 1 });
  await delay.stop();
  assert.equal((await listFaults(run)).length, 1);
});

test("a lossy line loses about as many as it shall", async (t) => {
  const { run, machine } = await lab(t);
  await addFaults(topology, run, [{ from: EVERYWHERE, to: "paris/n1", loss: 30 }]);
  const count = 1000;
  // That many at once overflow the sockets too: the rule counts what it took.
  const answers = await machine("london/n1").ask({ address: address("paris/n1").ipv4, count, wait: 500 });
  const [fault] = await listFaults(run);
  // 14.5 is one standard deviation.
  assert.ok(Math.abs(fault!.packets - 300) < 100, `${fault!.packets} of ${count} were lost at 30 percent`);
  assert.ok(answers.length > 0 && answers.length <= count - fault!.packets);
});
