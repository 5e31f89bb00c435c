/** Against the kernel: every operation is asked for, and read back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { addAddress } from "./address.ts";
import { pair } from "./fixture.ts";
import { addRoute, deleteRoute, ensureNoRoute, listRoutes, replaceRoute } from "./route.ts";
import { Protocol } from "./route-message.ts";

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

function byTable(a: unknown[], b: unknown[]): number {
  return Number(a.join().includes(":")) - Number(b.join().includes(":")) || String(a[0]).localeCompare(String(b[0]));
}
