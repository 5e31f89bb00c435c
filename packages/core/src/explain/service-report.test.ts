import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { annotated, cluster, service, slice, TestWorld } from "../fixture.ts";
import type { KubeObject } from "../ingest/index.ts";
import type { ServiceReport } from "../report/index.ts";
import { serviceReport } from "./index.ts";
import { MOST_ENDPOINTS } from "./service-report.ts";

function vip(object: KubeObject, ...clusterIPs: readonly string[]): KubeObject {
  return { ...object, spec: { ...(object["spec"] as KubeObject), clusterIPs } };
}

const CART = vip(service("shop/cart", ["http:80"]), "10.96.0.1");
const GLOBAL = annotated(CART, { global: "true" });

/** `cart` is global in london and paris; rome does not share its own. */
function shop(): TestWorld {
  const world = new TestWorld(["london", "paris", "rome"]);
  world.write("london", GLOBAL, slice("shop/cart", ["10.1.0.1", "10.1.0.2 notReady", "10.1.0.3 draining"]));
  world.write("paris", GLOBAL, slice("shop/cart", ["10.2.0.1"]));
  world.write("rome", annotated(CART, { global: "true", shared: "false" }), slice("shop/cart", ["10.3.0.1"]));
  return world;
}

function report(world: TestWorld, here = "london"): ServiceReport {
  const found = serviceReport(world.tables, here, "shop", "cart");
  assert.ok(found);
  return found;
}

/** The endpoints of the only port as `address condition tier share`. */
function endpoints({ ports: [port, ...others] }: ServiceReport): string[] {
  assert.deepEqual(others, []);
  return port!.endpoints.map(({ address, condition, tier, share }) => `${address} ${condition} ${tier} ${share}`);
}

describe("how nodes serve a Service", () => {
  test("every cluster with what it has, and the port with its groups and endpoints", () => {
    const { clusters, ports } = report(shop());
    assert.deepEqual(
      clusters.map(({ cluster: name, member, known, service: has }) => [name, member, known, has?.sharing?.shared]),
      [
        ["london", true, true, true],
        ["paris", true, true, true],
        ["rome", false, true, false],
      ],
    );
    const [port] = ports;
    assert.deepEqual([port?.port, port?.number, port?.protocol, port?.addresses], ["http", 80, "TCP", ["10.96.0.1"]]);
    assert.deepEqual(port?.groups, [
      { cluster: "london", tier: 0, weight: 1, endpoints: 1, drain: false, share: 0.5 },
      { cluster: "paris", tier: 0, weight: 1, endpoints: 1, drain: false, share: 0.5 },
    ]);
    assert.deepEqual(endpoints(report(shop())), [
      "10.1.0.1 ready 0 0.5",
      "10.2.0.1 ready 0 0.5",
      "10.1.0.2 notReady undefined 0",
      "10.1.0.3 draining undefined 0",
    ]);
  });

  test("a drain takes the share, not the endpoint; of all clusters it is ignored", () => {
    const world = shop();
    world.write("paris", cluster({ drain: true }));
    assert.deepEqual(endpoints(report(world)).slice(0, 2), ["10.1.0.1 ready 0 1", "10.1.0.2 notReady undefined 0"]);
    assert.ok(endpoints(report(world)).includes("10.2.0.1 ready 0 0"));
    world.write("london", cluster({ drain: true }));
    assert.equal(report(world).ports[0]!.drainIgnored, true);
    assert.deepEqual(endpoints(report(world)).slice(0, 2), ["10.1.0.1 ready 0 0.5", "10.2.0.1 ready 0 0.5"]);
  });

  test("a preference is a tier: the second gets all where the first is drained", () => {
    const world = shop();
    world.write("london", annotated(CART, { global: "true", affinity: "local" }));
    world.write("paris", cluster({ weight: 3 }));
    assert.deepEqual(endpoints(report(world)).slice(0, 1), ["10.1.0.1 ready 0 1"]);
    world.write("london", cluster({ drain: true }));
    assert.deepEqual(endpoints(report(world)).slice(0, 1), ["10.2.0.1 ready 1 1"]);
  });

  test("nobody's Service is none; one of other clusters alone has no address here", () => {
    const world = shop();
    assert.equal(serviceReport(world.tables, "london", "shop", "nothing"), undefined);
    world.write("paris", vip(annotated(service("shop/theirs"), { global: "true" }), "10.96.0.9"));
    assert.deepEqual(serviceReport(world.tables, "london", "shop", "theirs")?.ports, []);
  });

  test("a Service of very many endpoints is told in part, and the rest is counted", () => {
    const world = shop();
    const many = Array.from({ length: 1100 }, (_, i) => `10.1.${1 + Math.floor(i / 250)}.${1 + (i % 250)}`);
    world.write("london", slice("shop/cart", many.slice(0, 600)), slice("shop/cart", many.slice(600), "2"));
    const [port] = report(world).ports;
    assert.equal(port?.endpoints.length, MOST_ENDPOINTS);
    assert.equal(port?.moreEndpoints, 1101 - MOST_ENDPOINTS);
    assert.equal(port?.groups[0]?.endpoints, 1100);
  });
});
