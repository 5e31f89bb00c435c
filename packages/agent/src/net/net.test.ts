/** Against the kernel: every operation is asked for, and read back. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { Worker } from "node:worker_threads";
import { addAddress, deleteAddress, ensureAddress, listAddresses } from "./address.ts";
import { AF_INET, AF_INET6 } from "./ip.ts";
import {
  changeLink,
  createVeth,
  deleteLink,
  deleteLinkGroup,
  ensureNoLink,
  findLink,
  getLink,
  listLinks,
  setLinkUp,
} from "./link.ts";
import { testNamespace } from "./namespace/fixture.ts";
import type { Namespace } from "./namespace/named.ts";
import { ensureNeighbour, ensureNoNeighbour, ensureProxy, listNeighbours, listProxies } from "./neighbour.ts";
import { LinkMessage } from "./link-message.ts";
import { Rtnetlink } from "./netlink/socket.ts";
import { addRoute, deleteRoute, ensureNoRoute, listRoutes, replaceRoute } from "./route.ts";
import { Protocol } from "./route-message.ts";
import { addRule, deleteRule, ensureRule, listRules } from "./rule.ts";

interface Pair {
  readonly left: Namespace;
  readonly right: Namespace;
  readonly net: Rtnetlink;
  readonly peer: Rtnetlink;
  /** Index of `l0` in `left`. */
  readonly link: number;
}

/** Two namespaces with `l0` and `r0` between them, both up. */
function pair(t: TestContext): Pair {
  const [left, right] = [testNamespace(t), testNamespace(t)];
  const [net, peer] = [left.rtnetlink(), right.rtnetlink()];
  t.after(() => [net, peer].forEach((socket) => socket.close()));
  createVeth(net, { name: "l0" }, { name: "r0", namespace: right.fd });
  setLinkUp(net, "l0");
  setLinkUp(peer, "r0");
  return { left, right, net, peer, link: getLink(net, "l0").index };
}

test("a pair is made with each end in its namespace, with names, sizes and hardware addresses", (t) => {
  const [left, right] = [testNamespace(t), testNamespace(t)];
  using net = new Rtnetlink();
  using inLeft = left.rtnetlink();
  using inRight = right.rtnetlink();
  const a = { name: "eth0", mtu: 1400, mac: "02:00:00:00:00:01", namespace: left.fd };
  const b = { name: "eth0", mtu: 1450, mac: "02:00:00:00:00:02", namespace: right.fd };
  createVeth(net, a, b);
  const [one, two] = [getLink(inLeft, "eth0"), getLink(inRight, "eth0")];
  const plain = { name: "eth0", kind: "veth", up: false, carrier: false };
  assert.partialDeepStrictEqual(one, { ...plain, mtu: 1400, mac: a.mac, peer: two.index });
  assert.partialDeepStrictEqual(two, { ...plain, mtu: 1450, mac: b.mac, peer: one.index });
  assert.throws(() => createVeth(net, a, { ...b, name: "eth1" }), {
    name: "SystemError",
    code: "EEXIST",
    message: /^create veth eth0 with peer eth1: /,
  });
  assert.equal(findLink(inRight, "eth1"), undefined, "half a pair was left");
  assert.throws(() => createVeth(net, { name: "a name too long for it" }, b), { name: "LinkNameError" });
  assert.throws(() => createVeth(net, { name: "a", mtu: 1 }, { name: "b" }), /create veth a with peer b: .*\(EINVAL\)/);
});

test("links of a group are deleted together, and no others", (t) => {
  const { net } = pair(t);
  createVeth(net, { name: "a" }, { name: "b" });
  createVeth(net, { name: "c" }, { name: "d" });
  assert.throws(() => deleteLinkGroup(net, 7), { code: "ENODEV" });
  assert.throws(() => deleteLinkGroup(net, 0), { code: "EPERM" });
  changeLink(net, "a", { group: 7 });
  changeLink(net, "d", { group: 7 });
  deleteLinkGroup(net, 7);
  assert.deepEqual(
    listLinks(net).map(({ name }) => name),
    ["lo", "l0"],
  );
});

test("a link is set up, renamed, moved and deleted, by its name and by its index", (t) => {
  const { net, peer, right, link } = pair(t);
  assert.equal(getLink(net, link).carrier, true);
  changeLink(peer, "r0", { up: false });
  assert.partialDeepStrictEqual(getLink(net, "l0"), { up: true, carrier: false });
  changeLink(net, link, { up: false, mtu: 1280, mac: "02:00:00:00:00:09" });
  changeLink(net, link, { name: "l1", alias: "of london" });
  assert.partialDeepStrictEqual(getLink(net, link), {
    name: "l1",
    up: false,
    mtu: 1280,
    mac: "02:00:00:00:00:09",
    alias: "of london",
  });
  assert.deepEqual(
    listLinks(net).map(({ name }) => name),
    ["lo", "l1"],
  );
  changeLink(net, "l1", { namespace: right.fd });
  assert.equal(findLink(net, link), undefined);
  assert.deepEqual(
    listLinks(peer)
      .map(({ name }) => name)
      .sort(),
    ["l1", "lo", "r0"],
  );
  deleteLink(peer, "r0");
  assert.deepEqual(
    listLinks(peer).map(({ name }) => name),
    ["lo"],
  );
  assert.throws(() => deleteLink(peer, "r0"), { code: "ENODEV", message: "delete link r0: no such device (ENODEV)" });
  assert.equal(ensureNoLink(peer, 4711), false);
  assert.throws(() => setLinkUp(net, "nope"), { code: "ENODEV", message: /^find link nope: / });
});

test("addresses of both families are usable at once, listed, and deleted", (t) => {
  const { net, link } = pair(t);
  addAddress(net, "l0", { address: "10.11.1.7/32" });
  addAddress(net, link, { address: "fd10:1:1::7/64", noPrefixRoute: true });
  const own = listAddresses(net, "l0").filter(({ scope }) => scope === "global");
  const usable = { link, scope: "global", tentative: false, duplicate: false };
  assert.deepEqual(own, [
    { ...usable, address: "10.11.1.7/32" },
    { ...usable, address: "fd10:1:1::7/64" },
  ]);
  assert.deepEqual(
    listRoutes(net, { family: AF_INET6 }).filter(({ destination }) => destination === "fd10:1:1::/64"),
    [],
  );
  assert.throws(() => addAddress(net, "l0", { address: "10.11.1.7/32" }), { code: "EEXIST" });
  assert.equal(ensureAddress(net, "l0", { address: "10.11.1.7/32" }), false);
  assert.equal(ensureAddress(net, "l0", { address: "10.11.1.8/32" }), true);
  for (const address of ["10.11.1.7/32", "10.11.1.8/32", "fd10:1:1::7/64"]) deleteAddress(net, link, address);
  assert.deepEqual(
    listAddresses(net).filter(({ scope }) => scope === "global"),
    [],
  );
  assert.throws(() => deleteAddress(net, link, "10.11.1.7/32"), { code: "EADDRNOTAVAIL" });
});

test("routes are added, replaced without a gap, listed by table and owner, and deleted", (t) => {
  const { net, link } = pair(t);
  addAddress(net, link, { address: "172.30.1.11/24" });
  const all = (): unknown[] =>
    listRoutes(net, { protocol: Protocol.carrick }).map(({ destination, type, via, table, priority }) => [
      destination,
      type,
      via,
      table,
      priority,
    ]);
  const mine = { protocol: Protocol.carrick };
  addRoute(net, { ...mine, destination: "10.11.2.0/24", via: "172.30.1.12" });
  addRoute(net, { ...mine, destination: "10.11.3.0/24", via: "192.0.2.1", link, onlink: true, source: "172.30.1.11" });
  addRoute(net, { ...mine, destination: "10.11.1.0/24", type: "unreachable" });
  addRoute(net, { ...mine, destination: "fd10:1:1::/64", type: "blackhole", priority: 77 });
  addRoute(net, { ...mine, destination: "0.0.0.0/0", link, table: 70_000 });
  assert.deepEqual(
    all(),
    [
      ["10.11.1.0/24", "unreachable", undefined, 254, 0],
      ["10.11.2.0/24", "unicast", "172.30.1.12", 254, 0],
      ["10.11.3.0/24", "unicast", "192.0.2.1", 254, 0],
      ["0.0.0.0/0", "unicast", undefined, 70_000, 0],
      ["fd10:1:1::/64", "blackhole", undefined, 254, 77],
    ].sort(byTable),
  );
  assert.throws(() => addRoute(net, { ...mine, destination: "10.11.2.0/24", via: "172.30.1.13" }), { code: "EEXIST" });
  replaceRoute(net, { ...mine, destination: "10.11.2.0/24", via: "172.30.1.13" });
  replaceRoute(net, { ...mine, destination: "10.11.2.0/24", via: "172.30.1.13" });
  replaceRoute(net, { ...mine, destination: "10.11.1.0/24", link });
  assert.deepEqual(all().slice(0, 3).map(String), [
    "0.0.0.0/0,unicast,,70000,0",
    "10.11.1.0/24,unicast,,254,0",
    "10.11.2.0/24,unicast,172.30.1.13,254,0",
  ]);
  assert.deepEqual(
    listRoutes(net, { table: 70_000 }).map(({ destination }) => destination),
    ["0.0.0.0/0"],
  );
  assert.deepEqual(listRoutes(net, { table: 70_001 }), []);
  assert.throws(() => addRoute(net, { destination: "10.12.0.0/24", via: "198.51.100.1" }), {
    code: "ENETUNREACH",
    message: "add route to 10.12.0.0/24 via 198.51.100.1: Nexthop has invalid gateway (ENETUNREACH)",
  });
  deleteRoute(net, { destination: "10.11.2.0/24" });
  assert.throws(() => deleteRoute(net, { destination: "10.11.2.0/24" }), { code: "ESRCH" });
  assert.equal(ensureNoRoute(net, { destination: "10.11.2.0/24" }), false);
  assert.equal(ensureNoRoute(net, { destination: "0.0.0.0/0", table: 70_000 }), true);
});

test("rules choose tables", (t) => {
  const { net } = pair(t);
  const own = (family: 2 | 10): unknown[] =>
    listRules(net, family).filter(({ priority }) => priority > 0 && priority < 32_766);
  const one = { family: AF_INET, priority: 100, inLink: "l0", to: "10.0.0.0/8", table: 70_000 } as const;
  const two = { family: AF_INET6, priority: 101, from: "fd10::/16", action: "unreachable" } as const;
  const three = { family: AF_INET, priority: 102, mark: 0x200, mask: 0xf00, table: 200 } as const;
  for (const rule of [one, two, three]) addRule(net, rule);
  assert.deepEqual(own(AF_INET), [
    { ...one, action: "lookup" },
    { ...three, action: "lookup" },
  ]);
  assert.deepEqual(own(AF_INET6), [{ ...two, table: 0 }]);
  assert.throws(() => addRule(net, one), { code: "EEXIST", message: /^add rule 100: / });
  assert.equal(ensureRule(net, one), false);
  deleteRule(net, one);
  deleteRule(net, two);
  assert.throws(() => deleteRule(net, two), { code: "ENOENT" });
  assert.equal(ensureRule(net, one), true);
  assert.equal(listRules(net).length, own(AF_INET).length + own(AF_INET6).length + 5);
});

test("neighbours are permanent and replaced; a node answers for others", (t) => {
  const { net, link } = pair(t);
  for (const address of ["169.254.1.1", "fe80::1"]) {
    ensureNeighbour(net, { link, address, mac: "02:00:00:00:00:01" });
    ensureNeighbour(net, { link, address, mac: "02:00:00:00:00:02" });
  }
  const permanent = (): unknown[] => listNeighbours(net).filter((row) => row.permanent && row.link === link);
  assert.deepEqual(permanent(), [
    { link, address: "169.254.1.1", mac: "02:00:00:00:00:02", permanent: true },
    { link, address: "fe80::1", mac: "02:00:00:00:00:02", permanent: true },
  ]);
  assert.equal(ensureNoNeighbour(net, { link, address: "fe80::1" }), true);
  assert.equal(ensureNoNeighbour(net, { link, address: "fe80::2" }), false);
  assert.equal(permanent().length, 1);
  ensureProxy(net, { link, address: "fd30::1:12" });
  ensureProxy(net, { link, address: "fd30::1:12" });
  assert.deepEqual(
    listProxies(net).map(({ address }) => address),
    ["fd30::1:12"],
  );
});

test("a table larger than a datagram is read whole", (t) => {
  const { net } = pair(t);
  const destinations = Array.from({ length: 3000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
  for (const destination of destinations) addRoute(net, { destination, type: "unreachable", table: 9 });
  assert.deepEqual(
    listRoutes(net, { table: 9 })
      .map(({ destination }) => destination)
      .sort(),
    destinations.sort(),
  );
});

test("a table that changes while it is read is read whole, or said to be unreadable, never torn", async (t) => {
  const { left, net, link } = pair(t);
  const stable = Array.from({ length: 1500 }, (_, i) => `10.${i >> 8}.${i & 255}.1/32`);
  for (const address of stable) addAddress(net, link, { address });
  const source = `
    const { workerData, parentPort } = require("node:worker_threads");
    import(workerData.index).then(({ openNamespace, addAddress, deleteAddress }) => {
      const net = openNamespace(workerData.path).rtnetlink();
      const stop = new Int32Array(workerData.stop);
      parentPort.postMessage("begins");
      for (let i = 0; Atomics.load(stop, 0) === 0; i = (i + 1) % 200) {
        addAddress(net, "l0", { address: "192.0.2." + i + "/32" });
        deleteAddress(net, "l0", "192.0.2." + i + "/32");
        // Seldom enough that a reader who asks again meets a quiet moment.
        Atomics.wait(stop, 0, 0, 2);
      }
    });`;
  const stop = new SharedArrayBuffer(4);
  const index = new URL("./index.ts", import.meta.url).href;
  const worker = new Worker(source, { eval: true, workerData: { index, path: left.path, stop } });
  t.after(() => worker.terminate());
  await once(worker, "message");
  let whole = 0;
  for (let round = 0; round < 200; round++) {
    let listed: string[];
    try {
      listed = listAddresses(net, link).map(({ address }) => address);
    } catch (error) {
      assert.match(String(error), /list addresses: it changed while it was read, 10 times \(EAGAIN\)/);
      continue;
    }
    whole++;
    const own = listed.filter((address) => address.startsWith("10."));
    assert.equal(new Set(own).size, own.length, "an address came twice");
    assert.equal(own.length, stable.length);
  }
  Atomics.store(new Int32Array(stop), 0, 1);
  assert.ok(whole > 0, "nothing could be read");
});

test("a socket speaks of its own namespace, and says when it is closed", (t) => {
  const { left, net } = pair(t);
  using here = new Rtnetlink();
  assert.equal(findLink(here, "l0"), undefined);
  assert.equal(
    left.within(() => findLink(here, "l0")),
    undefined,
  );
  net.close();
  net.close();
  assert.throws(() => listLinks(net), { code: "EBADF", message: "list links: it was closed (EBADF)" });
  assert.throws(() => here.request("ask for nonsense", LinkMessage.set, 0, new Uint8Array(3)), {
    code: "EINVAL",
    message: /^ask for nonsense: /,
  });
  assert.ok(listLinks(here).length > 0, "a refusal does not spoil the socket");
});

function byTable(a: unknown[], b: unknown[]): number {
  return Number(a.join().includes(":")) - Number(b.join().includes(":")) || String(a[0]).localeCompare(String(b[0]));
}
