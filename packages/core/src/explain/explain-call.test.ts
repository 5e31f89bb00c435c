import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { annotated, cluster, service, slice, TestWorld } from "../fixture.ts";
import type { KubeObject } from "../ingest/index.ts";
import { objectKey } from "../model/index.ts";
import type { CallReport } from "../report/index.ts";
import { type Call, explainCall } from "./index.ts";

function vip(object: KubeObject, ...clusterIPs: readonly string[]): KubeObject {
  return { ...object, spec: { ...(object["spec"] as KubeObject), clusterIPs } };
}

function pod(name: string, ip: string): KubeObject {
  return {
    kind: "Pod",
    metadata: { namespace: "shop", name, resourceVersion: "5" },
    spec: { nodeName: "n1" },
    status: { podIPs: [{ ip }] },
  };
}

const CART = vip(service("shop/cart", ["http:80", "admin:81"]), "10.96.0.1");
const GLOBAL = annotated(CART, { global: "true" });

function shop(): TestWorld {
  const world = new TestWorld(["london", "paris", "rome"]);
  world.write("london", GLOBAL, slice("shop/cart", ["10.1.0.1"]), pod("web-7f-x", "10.1.0.9"));
  world.write("paris", GLOBAL, slice("shop/cart", ["10.2.0.1", "10.2.0.2 notReady"]));
  world.write("rome", annotated(CART, { global: "true", shared: "false" }), slice("shop/cart", ["10.3.0.1"]));
  return world;
}

/** Every object that is cited is there, in the version that is cited. */
function explain(world: TestWorld, change: Partial<Call> = {}): CallReport {
  const cart = { namespace: "shop", name: "cart" };
  const report = explainCall(world.tables, {
    cluster: "london",
    namespace: "shop",
    pod: "web",
    service: cart,
    ...change,
  });
  for (const { because } of report.steps)
    for (const { cluster: of, kind, namespace, name, resourceVersion } of because)
      assert.equal(world.tables[kind].get(objectKey(of, namespace, name))?.resourceVersion, resourceVersion);
  return report;
}

function says({ steps }: CallReport, what: string): string[] {
  return steps.flatMap((step) => (step.what === what ? [step.says] : []));
}

describe("a pod's connection to a Service", () => {
  test("routed: who, to what, over which clusters, and the objects that decide", () => {
    const report = explain(shop());
    assert.deepEqual(report.client, { cluster: "london", namespace: "shop", pod: "web-7f-x", node: "n1" });
    assert.equal(report.outcome, "routed");
    assert.deepEqual(
      report.steps.map(({ what, because }) =>
        [`${what}:`, ...because.map((of) => `${of.cluster}/${of.kind}/${of.name}`)].join(" "),
      ),
      [
        "client: london/Pod/web-7f-x",
        "identity:",
        "service: london/Service/cart",
        "port:",
        "sets: london/Service/cart paris/Service/cart rome/Service/cart",
        "cluster: london/EndpointSlice/cart-1",
        "cluster: paris/EndpointSlice/cart-1",
        "pick:",
        "route:",
      ],
    );
    assert.deepEqual(says(report, "sets"), [
      "It is global: endpoints of london, paris are used. Not shared: those of rome.",
    ]);
    assert.deepEqual(says(report, "cluster"), [
      "london has 1 endpoint; it gets 50.0 % of new connections.",
      "paris has 1 endpoint; it gets 50.0 % of new connections.",
    ]);
    assert.match(says(report, "route")[0]!, /the endpoint sees the pod's address 10\.1\.0\.9\.$/);
    assert.equal(report.port?.port, "http");
  });

  test("weights, drains and preferences are told where they decide", () => {
    const world = shop();
    world.write("paris", cluster({ weight: 3, drain: true }));
    assert.deepEqual(
      says(explain(world), "cluster")[1],
      "paris has 1 endpoint, weighs 3, is being drained; it gets nothing new while another has endpoints.",
    );
    world.write("london", cluster({ drain: true }));
    assert.deepEqual(
      says(explain(world), "cluster")[0],
      "london has 1 endpoint, is being drained, which is ignored because every cluster is; it gets 25.0 % of new connections.",
    );
    world.write("london", cluster({}), annotated(CART, { global: "true", affinity: "local" }));
    world.write("paris", cluster({}));
    assert.match(says(explain(world), "sets")[0]!, /are used, those of the own cluster first\./);
    assert.match(says(explain(world), "cluster")[1]!, /in tier 1; it gets something when nothing of the tiers before/);
  });

  test("a cluster without ready endpoints gets nothing; with none at all the connection is refused, or not known", () => {
    const world = shop();
    world.write("paris", slice("shop/cart", ["10.2.0.1 notReady"]));
    assert.equal(says(explain(world), "cluster")[1], "paris has no endpoint that is ready; it gets nothing.");
    world.write("london", slice("shop/cart", ["10.1.0.1 draining"]));
    assert.match(
      says(explain(world), "cluster")[0]!,
      /^london has 1 endpoint, of which none is ready but which still serve; it gets 100/,
    );
    world.write("london", slice("shop/cart", []));
    assert.deepEqual([explain(world).outcome, says(explain(world), "route")], ["refused", []]);
    world.know("paris", "EndpointSlice", false);
    assert.equal(explain(world).outcome, "unknown");
  });

  test("a port by name or number, and one that is not there", () => {
    const world = shop();
    assert.equal(explain(world, { port: "admin" }).port?.number, 81);
    assert.equal(explain(world, { port: "81" }).port?.port, "admin");
    const none = explain(world, { port: "99" });
    assert.deepEqual([none.outcome, none.port], ["refused", undefined]);
    assert.match(says(none, "port")[0]!, /no port 99; .* It has http \(80\/TCP\), admin \(81\/TCP\)\.$/);
  });

  test("a Service that is not there, only elsewhere, headless, or not known", () => {
    const world = shop();
    const of = (name: string) => explain(world, { service: { namespace: "shop", name } });
    assert.deepEqual(
      [of("no").outcome, says(of("no"), "service")[0]],
      ["refused", "london has no Service shop/no, so its name leads nowhere there."],
    );
    world.write("paris", annotated(vip(service("shop/theirs"), "10.96.0.9"), { global: "true" }));
    assert.match(says(of("theirs"), "service")[0]!, /paris has one, but each cluster needs its own/);
    world.write("london", service("shop/headless"));
    assert.equal(of("headless").outcome, "direct");
    world.know("london", "Service", false);
    assert.equal(of("no").outcome, "unknown");
  });

  test("a pod that is not known is told, and the rest holds all the same", () => {
    const world = shop();
    assert.match(says(explain(world, { pod: "api" }), "client")[0]!, /^london has no Pod shop\/api with an address/);
    assert.equal(explain(world, { pod: "api" }).outcome, "routed");
    world.know("london", "Pod", false);
    assert.match(
      says(explain(world, { pod: "api" }), "client")[0]!,
      /^This controller does not know the pods of london/,
    );
  });
});
