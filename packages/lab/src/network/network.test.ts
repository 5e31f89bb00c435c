/** On the kernel: a lab of two clusters with two nodes each, spoken through by real sockets. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import {
  addAddress,
  ensureRoutes,
  installMasquerade,
  listNamespaces,
  namespacePath,
  openNamespace,
  type RouteSpec,
} from "@carrick/agent/net";
import { bringUp, processPlace, takeDown } from "./apply/network.ts";
import { compareSnapshots } from "./compare/snapshot.ts";
import { readSnapshot } from "./compare/read-snapshot.ts";
import { startDelay } from "./delay/delays.ts";
import { around, cut, EVERYWHERE } from "./fault/fault.ts";
import { addFaults, heal, listFaults } from "./fault/faults.ts";
import { type Machine, seen } from "./echo-machine.ts";
import { startMachines, testRun } from "./fixture.ts";
import { namespaceOf, type Place, placeName, placesOf, runPrefix } from "./plan/place.ts";
import { addressesOf } from "./plan/plan.ts";
import { nodePods } from "./plan/pods.ts";
import { addressAt, digits } from "./topology/range.ts";
import { defaultTopology } from "./topology/load.ts";

const topology = defaultTopology();
const places = placesOf(topology);

interface Lab {
  readonly run: string;
  readonly machine: (name: string) => Machine;
}

async function lab(t: TestContext): Promise<Lab> {
  const run = testRun(t);
  const began = performance.now();
  await bringUp(topology, run);
  t.diagnostic(`up of 2 x 2 nodes: ${(performance.now() - began).toFixed(0)} ms`);
  const machines = await startMachines(t, run, places);
  return { run, machine: (name) => machines.find((machine) => machine.name === name)! };
}

const address = (name: string): { ipv4: string; ipv6: string } =>
  addressesOf(
    topology,
    places.find((place) => placeName(place) === name)!,
  );

/** For what is expected not to come. */
const GONE = { wait: 300 };

/** Whether the client may speak with it. */
const faces = (a: Place, b: Place): boolean =>
  [a, b].every(({ kind }) => kind !== "client") || [a, b].every(({ kind }) => kind === "client" || kind === "edge");

test("every machine reaches every other over both families, by its own address; the client only the edge", async (t) => {
  const { machine } = await lab(t);
  const pairs = places.flatMap((from) => places.filter((to) => to !== from).map((to) => [from, to] as const));
  await Promise.all(
    pairs.map(async ([from, to]) => {
      const [source, target] = [addressesOf(topology, from), addressesOf(topology, to)];
      const [asker, name] = [machine(placeName(from)), placeName(to)];
      for (const family of ["ipv4", "ipv6"] as const) {
        for (const over of ["udp", "tcp"] as const) {
          const expected = faces(from, to) ? [`${name} ${seen(source[family])}`] : [];
          const answers = await asker.ask({ address: target[family], over, ...(expected.length === 0 && GONE) });
          // The router says that it refuses, but not every time (a limit of ICMP), and not to every socket.
          const told = answers.filter((answer) => !/^E(HOST|NET)UNREACH$/.test(answer));
          assert.deepEqual(told, expected, `${placeName(from)} to ${name} over ${over}, ${family}`);
        }
      }
    }),
  );
});
test("between two nodes there is one router", async (t) => {
  const { machine } = await lab(t);
  const node = machine("london/n1");
  for (const to of ["london/n2", "paris/n1"]) {
    for (const target of Object.values(address(to))) {
      assert.equal((await node.ask({ address: target, ttl: 2 })).length, 1, `${to} ${target} by two hops`);
      const one = await node.ask({ address: target, ttl: 1, wait: 300 });
      assert.deepEqual(
        one.filter((answer) => answer.startsWith(to)),
        [],
        `${to} ${target} by one hop`,
      );
    }
  }
});

test("pods of a node are found from every cluster and from the edge", async (t) => {
  const { run, machine } = await lab(t);
  const { ipv4, ipv6 } = nodePods(topology.clusters[1]!, 2);
  const pods = [addressAt(ipv4, 7), addressAt(ipv6, digits(7))];
  {
    using namespace = openNamespace(namespaceOf(run, { kind: "node", cluster: "paris", node: 2 }));
    using net = namespace.rtnetlink();
    for (const pod of pods) addAddress(net, "lo", { address: pod });
  }
  assert.deepEqual(pods, ["10.12.2.7", "fd10:2:2::7"]);
  for (const from of ["london/n1", "paris/n1", "edge"]) {
    for (const [at, pod] of pods.entries()) {
      const source = Object.values(address(from))[at]!;
      assert.deepEqual(await machine(from).ask({ address: pod, over: "tcp" }), [`paris/n2 ${seen(source)}`], from);
    }
  }
});

test("pods show their own addresses inside the mesh and their node's outside", async (t) => {
  const { run, machine } = await lab(t);
  const name = namespaceOf(run, { kind: "node", cluster: "london", node: 1 });
  const pods = nodePods(topology.clusters[0]!, 1);
  const own = [addressAt(pods.ipv4, 7), addressAt(pods.ipv6, digits(7))];
  {
    using namespace = openNamespace(name);
    using net = namespace.rtnetlink();
    for (const pod of own) addAddress(net, "lo", { address: pod });
  }
  const mesh = topology.clusters.flatMap((cluster) =>
    [cluster.pods, cluster.network].flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]),
  );
  await installMasquerade({ pods: Object.values(pods), mesh }, namespacePath(name));
  for (const [at, source] of own.entries()) {
    for (const over of ["udp", "tcp"] as const) {
      const ask = (to: string): Promise<string[]> =>
        machine("london/n1").ask({ address: Object.values(address(to))[at]!, source, over });
      assert.deepEqual(await ask("paris/n1"), [`paris/n1 ${seen(source)}`]);
      assert.deepEqual(await ask("edge"), [`edge ${seen(Object.values(address("london/n1"))[at]!)}`]);
    }
  }
});

test("an agent's routes to the other nodes of its cluster work, and no missing pod is looked for outside", async (t) => {
  const { run, machine } = await lab(t);
  const [mine, others] = [nodePods(topology.clusters[0]!, 1), nodePods(topology.clusters[0]!, 2)];
  const other = address("london/n2");
  const pods = [addressAt(others.ipv4, 7), addressAt(others.ipv6, digits(7))];
  const open = (node: number) => openNamespace(namespaceOf(run, { kind: "node", cluster: "london", node }));
  {
    using namespace = open(2);
    using net = namespace.rtnetlink();
    for (const pod of pods) addAddress(net, "lo", { address: pod });
  }
  {
    using namespace = open(1);
    using net = namespace.rtnetlink();
    const wanted: RouteSpec[] = [
      { destination: others.ipv4, via: other.ipv4 },
      { destination: others.ipv6, via: other.ipv6 },
      { destination: mine.ipv4, type: "unreachable" },
      { destination: mine.ipv6, type: "unreachable" },
    ];
    assert.deepEqual(ensureRoutes(net, wanted, { prune: true }), { set: 4, removed: 0, refused: [] });
  }
  for (const [at, pod] of pods.entries()) {
    const own = Object.values(address("london/n1"))[at]!;
    assert.deepEqual(await machine("london/n1").ask({ address: pod, over: "tcp" }), [`london/n2 ${seen(own)}`]);
  }
  for (const absent of [addressAt(mine.ipv4, 9), addressAt(mine.ipv6, digits(9))]) {
    assert.deepEqual(await machine("london/n1").ask({ address: absent, over: "tcp" }), ["EHOSTUNREACH"], absent);
  }
});

test("a program of a node is in its namespace and in its cgroup before it begins", async (t) => {
  const { run, machine } = await lab(t);
  const { pid } = machine("paris/n2").tied;
  using namespace = openNamespace(namespaceOf(run, { kind: "node", cluster: "paris", node: 2 }));
  assert.equal(openInode(`/proc/${pid}/ns/net`), namespace.identity);
  assert.match(readFileSync(`/proc/${pid}/cgroup`, "utf8"), new RegExp(`^0::.*/carrick-lab/${run}/paris-n2$`, "m"));
  assert.equal(processPlace(run, { kind: "edge" }).cgroup, undefined);
});

function openInode(path: string): number {
  using namespace = openNamespace(path);
  return namespace.identity;
}

const answered = (answers: readonly string[]): boolean => answers.length > 0;

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
