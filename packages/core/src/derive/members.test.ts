import assert from "node:assert/strict";
import { test } from "node:test";
import { annotated, ingress, service, slice, TestWorld } from "../fixture.ts";

const SET = "shop/web:http@london";
const GLOBAL = annotated(service("shop/web"), { global: "true" });

/** An Ingress of `london` alone, for a Service that both clusters have. */
function world(london = GLOBAL, paris = GLOBAL): TestWorld {
  const both = new TestWorld(["london", "paris"]);
  both.write("london", london, slice("shop/web", ["10.0.0.1"]), ingress("shop/web", { fallback: "web:http" }));
  both.write("paris", paris, slice("shop/web", ["10.0.0.2"]));
  return both;
}

function clusters(one: TestWorld): string[] {
  return one.edge.assignments.get(SET)!.groups.map(({ cluster }) => cluster);
}

test("a global Service is served by all clusters that share it", () => {
  assert.deepEqual(clusters(world()), ["london", "paris"]);
});

test("each cluster decides for itself whether it uses the others' endpoints, and whether it shares its own", () => {
  const own = service("shop/web");
  const kept = annotated(own, { global: "true", shared: "false" });
  assert.deepEqual(clusters(world(own, GLOBAL)), ["london"]);
  assert.deepEqual(clusters(world(GLOBAL, own)), ["london"]);
  assert.deepEqual(clusters(world(GLOBAL, kept)), ["london"]);
  assert.deepEqual(clusters(world(kept, GLOBAL)), ["london", "paris"]);
});

test("ports join by name: one that the other cluster does not have brings nothing", () => {
  const other = annotated(service("shop/web", ["grpc:80"]), { global: "true" });
  assert.deepEqual(clusters(world(GLOBAL, other)), ["london"]);
});

test("that a Service becomes global changes its assignment and nothing else", () => {
  const one = world(GLOBAL, service("shop/web"));
  const changes = one.changes(() => one.write("paris", GLOBAL));
  assert.deepEqual([...changes.keys()], [`assignment ${SET}`]);
  // The Service and its endpoints may come in any order.
  assert.equal(
    one.cost(() => one.write("paris", slice("shop/web", ["10.0.0.3"]))),
    2,
  );
});

test("while a cluster has not told its Services, a global one may have more members", () => {
  const one = world();
  one.know("paris", "Service", false);
  assert.equal(one.edge.assignments.get(SET)?.partial, true);
  const own = world(service("shop/web"));
  own.know("paris", "Service", false);
  assert.equal(own.edge.assignments.get(SET)?.partial, false);
});
