import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinkName } from "@carrick/agent/net";
import { defaultTopology, parseTopology } from "../topology/load.ts";
import { checkRunId, namespaceOf, type Place, placeName, placeSlug, placesOf, routerLink, runPrefix } from "./place.ts";
import { addressesOf } from "./addresses.ts";
import { planNetwork } from "./plan.ts";
import { nodePods } from "./pods.ts";

const topology = defaultTopology();

test("places have names for users, for namespaces and for links", () => {
  const table: [Place, string, string, string][] = [
    [{ kind: "node", cluster: "paris", node: 2 }, "paris/n2", "cr-demo-paris-n2", "c2n2"],
    [{ kind: "control-plane", cluster: "london" }, "london/cp", "cr-demo-london-cp", "c1cp"],
    [{ kind: "edge" }, "edge", "cr-demo-edge", "edge"],
  ];
  for (const [place, name, namespace, link] of table) {
    assert.deepEqual(
      [placeName(place), namespaceOf("demo", place), routerLink(topology, place)],
      [name, namespace, link],
    );
  }
  assert.equal(placeSlug(table[0]![0]), "paris-n2");
  for (const run of ["", "A", "a-b", "a/b", "..", "a".repeat(13)]) {
    assert.throws(() => checkRunId(run), { name: "RunIdError", message: /cannot name a run/ });
  }
  assert.ok(!runPrefix("ab").startsWith(runPrefix("a")));
});

test("addresses are those of the table in the documents", () => {
  const table: [Place, string, string][] = [
    [{ kind: "node", cluster: "london", node: 1 }, "172.30.1.11", "fd30::1:11"],
    [{ kind: "node", cluster: "paris", node: 2 }, "172.30.2.12", "fd30::2:12"],
    [{ kind: "control-plane", cluster: "paris" }, "172.30.2.1", "fd30::2:1"],
    [{ kind: "edge" }, "172.30.250.1", "fd30::250:1"],
    [{ kind: "client" }, "172.30.250.2", "fd30::250:2"],
  ];
  for (const [place, ipv4, ipv6] of table) assert.deepEqual(addressesOf(topology, place), { ipv4, ipv6 });
  assert.deepEqual(nodePods(topology.clusters[1]!, 2), { ipv4: "10.12.2.0/24", ipv6: "fd10:2:2::/64" });
});

test("a machine has one link, and everything else is behind the router", () => {
  const plan = planNetwork(topology, "demo");
  const node = plan.namespaces.find(({ name }) => name === "cr-demo-paris-n2")!;
  assert.deepEqual(node.links, [
    {
      name: "eth0",
      mac: "02:ca:00:00:00:04",
      addresses: ["172.30.2.12/24", "fd30::2:12/112"],
      routes: [
        { destination: "0.0.0.0/0", via: "172.30.2.254", onlink: true },
        { destination: "::/0", via: "fd30::2:254", onlink: true },
      ],
      proxies: [],
      settings: {},
    },
  ]);
  assert.equal(node.settings["ipv4/ip_forward"], 1);
  assert.equal(plan.namespaces.find(({ name }) => name === "cr-demo-edge")!.settings["ipv4/ip_forward"], undefined);
});

test("the router knows machines and pods, and answers for those of the same network", () => {
  const [router] = planNetwork(topology, "demo").namespaces;
  const link = router!.links.find(({ name }) => name === "c2n2")!;
  assert.deepEqual(link.addresses, ["172.30.2.254/32", "fd30::2:254/128"]);
  assert.deepEqual(link.routes, [
    { destination: "172.30.2.12/32" },
    { destination: "fd30::2:12/128" },
    { destination: "10.12.2.0/24", via: "172.30.2.12", onlink: true },
    { destination: "fd10:2:2::/64", via: "fd30::2:12", onlink: true },
  ]);
  assert.deepEqual(link.proxies, ["fd30::2:11", "fd30::2:1"]);
});

test("of two clusters with the same pods the router has one route", () => {
  const same = parseTopology(
    "{ allowOverlap: true, clusters: [{ name: a }, { name: b, pods: { ipv4: 10.11.0.0/16 } }] }",
    "f",
  );
  const [router] = planNetwork(same, "demo").namespaces;
  const holders = router!.links.filter(({ routes }) =>
    routes.some(({ destination }) => destination === "10.11.1.0/24"),
  );
  assert.deepEqual(
    holders.map(({ name }) => name),
    ["c1n1"],
  );
});

test("in the largest lab all names fit and are different", () => {
  const name = "a".repeat(30);
  const clusters = Array.from(
    { length: 32 },
    (_, at) => `{ name: ${name.slice(0, 27)}-${at}, nodes: ${at < 2 ? 100 : 6} }`,
  );
  const largest = parseTopology(`clusters: [${clusters.join(", ")}]`, "f");
  const plan = planNetwork(largest, "abcdefghijkl");
  for (const { links } of plan.namespaces) for (const { name } of links) checkLinkName(name);
  const unique = (values: readonly string[]): void => assert.equal(new Set(values).size, values.length);
  unique(plan.namespaces.map(({ name }) => name));
  for (const { links } of plan.namespaces) unique(links.map(({ name }) => name));
  unique(plan.namespaces.flatMap(({ links }) => links.map(({ mac }) => mac)));
  unique(placesOf(largest).flatMap((place) => Object.values(addressesOf(largest, place))));
  for (const { ends } of plan.cables) {
    for (const { namespace, link } of ends) {
      const found = plan.namespaces.find((one) => one.name === namespace)!.links;
      assert.ok(
        found.some((one) => one.name === link),
        `${namespace} ${link}`,
      );
    }
  }
});
