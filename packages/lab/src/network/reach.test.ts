/** Who reaches whom in a lab of two clusters with two nodes each, by real sockets. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  addAddress,
  ensureRoutes,
  installMasquerade,
  namespacePath,
  openNamespace,
  type RouteSpec,
} from "@carrick/agent/net";
import { processPlace } from "./apply/network.ts";
import { seen } from "./echo-machine.ts";
import { address, GONE, lab, places, topology } from "./fixture.ts";
import { addressesOf } from "./plan/addresses.ts";
import { namespaceOf, type Place, placeName } from "./plan/place.ts";
import { nodePods } from "./plan/pods.ts";
import { addressAt, digits } from "./topology/range.ts";

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
      assert.deepEqual(await ask("edge"), [`edge ${seen(Object.values(address("london/n1"))[at] ?? "")}`]);
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
