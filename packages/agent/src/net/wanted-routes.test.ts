import assert from "node:assert/strict";
import { test } from "node:test";
import { AF_INET, AF_INET6 } from "./ip.ts";
import { addAddress } from "./address.ts";
import { createVeth, setLinkUp } from "./link.ts";
import { testNamespace } from "./namespace/fixture.ts";
import { addRoute, listRoutes } from "./route.ts";
import { Protocol, type Route } from "./route-message.ts";
import { ensureRoutes, planRoutes } from "./wanted-routes.ts";

const OWNER = Protocol.carrick;
const present: Route = {
  family: AF_INET,
  destination: "10.11.2.0/24",
  type: "unicast",
  via: "172.30.1.12",
  link: 2,
  onlink: false,
  scope: "global",
  table: 254,
  priority: 0,
  protocol: OWNER,
  multipath: false,
};

test("what is there is left alone, what differs is set, what is not wanted is removed", () => {
  const wanted = { destination: "10.11.2.0/24", via: "172.30.1.12" };
  const table: [string, Route[], Parameters<typeof planRoutes>[1], [number, number, number]][] = [
    ["there", [present], [wanted], [0, 0, 0]],
    [
      "there, in another spelling",
      [{ ...present, family: AF_INET6, destination: "fd10::/64", priority: 1024, via: "fd30::1" }],
      [{ destination: "FD10:0::/64", via: "fd30:0::1" }],
      [0, 0, 0],
    ],
    [
      "IPv6 without a priority",
      [{ ...present, family: AF_INET6, destination: "fd10::/64", priority: 1024, via: "fd30::1" }],
      [{ destination: "fd10::/64", via: "fd30::1", priority: 0 }],
      [0, 0, 0],
    ],
    ["missing", [], [wanted], [1, 0, 0]],
    ["another gateway", [{ ...present, via: "172.30.1.13" }], [wanted], [1, 0, 0]],
    ["another type", [present], [{ destination: "10.11.2.0/24", type: "unreachable" }], [1, 0, 0]],
    ["another link", [present], [{ ...wanted, link: 3 }], [1, 0, 0]],
    ["several next hops", [{ ...present, multipath: true }], [wanted], [1, 0, 0]],
    ["another priority is another place", [present], [{ ...wanted, priority: 5 }], [1, 1, 0]],
    ["another table is another place", [present], [{ ...wanted, table: 5 }], [1, 1, 0]],
    ["not wanted", [present], [], [0, 1, 0]],
    ["of another owner, in our place", [{ ...present, protocol: 4 }], [wanted], [0, 0, 1]],
    ["of another owner, elsewhere", [{ ...present, protocol: 4 }], [], [0, 0, 0]],
    ["wanted twice", [], [wanted, { ...wanted, via: "172.30.1.13" }], [1, 0, 1]],
    ["no prefix", [], [{ destination: "10.11.2" }, wanted], [1, 0, 1]],
  ];
  for (const [name, there, want, expected] of table) {
    const { set, remove, refused } = planRoutes(there, want, OWNER);
    assert.deepEqual([set.length, remove.length, refused.length], expected, name);
  }
});

test("the kernel ends with what is wanted; one that it refuses does not hold up the others", (t) => {
  const namespace = testNamespace(t);
  using net = namespace.rtnetlink();
  createVeth(net, { name: "l0" }, { name: "r0" });
  for (const link of ["l0", "r0"]) setLinkUp(net, link);
  addAddress(net, "l0", { address: "172.30.1.11/24" });
  addAddress(net, "l0", { address: "fd30::1:11/112" });
  addRoute(net, { destination: "10.13.0.0/24", type: "unreachable" });
  const wanted = [
    { destination: "10.11.2.0/24", via: "172.30.1.12" },
    { destination: "fd10:1:2::/64", via: "fd30::1:12" },
    { destination: "10.11.1.0/24", type: "unreachable" },
    { destination: "fd10:1:1::/64", type: "unreachable" },
    { destination: "10.11.9.0/24", via: "198.51.100.1" },
    { destination: "10.13.0.0/24", via: "172.30.1.12" },
  ] as const;
  const first = ensureRoutes(net, wanted, { prune: true });
  assert.deepEqual([first.set, first.removed], [4, 0]);
  assert.deepEqual(first.refused.map(({ why }) => why).sort(), [
    "route to 10.13.0.0/24 via 172.30.1.12 has the place of one that Carrick did not set (protocol 4); remove that one",
    "set route to 10.11.9.0/24 via 198.51.100.1: Nexthop has invalid gateway (ENETUNREACH)",
  ]);
  assert.deepEqual(ensureRoutes(net, wanted.slice(0, 4), { prune: true }), { set: 0, removed: 0, refused: [] });
  const turned = wanted.slice(0, 4).map(({ destination }, at) => {
    const via = destination.includes(":") ? "fd30::1:99" : "172.30.1.99";
    return at < 2 ? ({ destination, type: "unreachable" } as const) : { destination, via };
  });
  for (const routes of [turned, wanted.slice(0, 4)]) {
    assert.deepEqual(ensureRoutes(net, routes, { prune: true }), { set: 4, removed: 0, refused: [] });
    assert.equal(listRoutes(net, { protocol: OWNER }).length, 4, "a route was added beside the one it replaces");
  }
  const fewer = [{ destination: "10.11.2.0/24", via: "172.30.1.13" }, wanted[3]];
  assert.deepEqual(ensureRoutes(net, fewer, { prune: false }), { set: 1, removed: 0, refused: [] });
  assert.deepEqual(ensureRoutes(net, fewer, { prune: true }), { set: 0, removed: 2, refused: [] });
  assert.deepEqual(
    listRoutes(net, { protocol: OWNER }).map(({ destination, type, via }) => [destination, type, via]),
    [
      ["10.11.2.0/24", "unicast", "172.30.1.13"],
      ["fd10:1:1::/64", "unreachable", undefined],
    ],
  );
});
