import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FLEET, ingress, ingressClass, service, slice, TestWorld } from "../fixture.ts";

const web = { rules: { "shop.example": ["/ web:http"] } };
const shop = [service("shop/web"), slice("shop/web", ["10.0.0.1"])];

describe("the class of an Ingress", () => {
  const served = (world: TestWorld) => world.edge.hosts.get("shop.example") !== undefined;

  test("by the field: ours, another's, and one that nobody knows", () => {
    const world = new TestWorld(["london"]);
    world.write("london", ...shop, ingress("shop/web", web));
    assert.deepEqual([served(world), world.findings()], [true, []], "no IngressClass object is needed");
    world.write("london", ingress("shop/web", { ...web, className: "nginx" }));
    assert.deepEqual(
      [served(world), world.findings()],
      [false, ["london: Ingress shop/web UnknownClass spec.ingressClassName"]],
    );
    world.write("london", ingressClass("nginx", "k8s.io/ingress-nginx"));
    assert.deepEqual([served(world), world.findings()], [false, []]);
  });

  test("by the field: a class of our name that is another controller's is not ours", () => {
    const world = new TestWorld(["london"]);
    world.write("london", ...shop, ingress("shop/web", web), ingressClass("carrick", "example.com/other"));
    assert.deepEqual([served(world), world.findings()], [false, []]);
  });

  test("by the field: nobody is blamed while the classes are not known", () => {
    const world = new TestWorld(["london"]);
    world.know("london", "IngressClass", false);
    world.write("london", ...shop, ingress("shop/web", { ...web, className: "nginx" }));
    assert.deepEqual([served(world), world.findings()], [false, []]);
    world.know("london", "IngressClass");
    assert.deepEqual(world.findings(), ["london: Ingress shop/web UnknownClass spec.ingressClassName"]);
  });

  test("by the annotation, which goes before the field", () => {
    const world = new TestWorld(["london"]);
    world.write("london", ...shop, ingress("shop/web", { ...web, className: "nginx", annotation: "carrick" }));
    assert.deepEqual([served(world), world.findings()], [true, []]);
    world.write("london", ingress("shop/web", { ...web, annotation: "nginx" }));
    assert.deepEqual([served(world), world.findings()], [false, []]);
  });

  test("by default: the cluster's default class, if it is ours", () => {
    const world = new TestWorld(["london", "paris"]);
    world.write("london", ...shop, ingress("shop/web", { ...web, className: "" }));
    assert.equal(served(world), false);
    world.write("paris", ingressClass("carrick", FLEET.controllerName, true));
    assert.equal(served(world), false, "another cluster's default");
    world.write("london", ingressClass("carrick", "example.com/other", true));
    assert.equal(served(world), false, "another controller's");
    world.write("london", ingressClass("carrick", FLEET.controllerName, true));
    assert.equal(served(world), true);
    world.write("london", ingressClass("carrick", FLEET.controllerName, false));
    assert.equal(served(world), false);
    assert.deepEqual(world.findings(), []);
  });

  test("D19: an Ingress of another controller computes its own row and nothing that follows", () => {
    const world = new TestWorld(["london"]);
    world.write("london", ...shop, ingress("shop/web", web), ingressClass("nginx", "k8s.io/ingress-nginx"));
    const other = (day: number) =>
      ingress("shop/other", { rules: { "other.example": ["/ web:http"] }, className: "nginx", day });
    const versions = world.versions();
    assert.equal(
      world.cost(() => world.write("london", other(1))),
      1,
    );
    assert.equal(
      world.cost(() => world.write("london", other(2))),
      1,
    );
    assert.deepEqual(world.versions(), versions);
  });

  test("a new resourceVersion alone computes nothing", () => {
    const world = new TestWorld(["london"]);
    const object = ingress("shop/web", web);
    world.write("london", ...shop, object);
    const metadata = { ...(object["metadata"] as Record<string, unknown>), resourceVersion: "2" };
    assert.equal(
      world.cost(() => world.write("london", { ...object, metadata })),
      0,
    );
    assert.equal(world.tables.Ingress.get("london/shop/web")?.resourceVersion, "2");
  });
});

describe("the backend of a path", () => {
  const routes = (world: TestWorld) => world.edge.hosts.get("shop.example")?.routes;

  test("is the Service's port by name or by number: the same set", () => {
    const world = new TestWorld(["london"]);
    world.write("london", ...shop, ingress("shop/web", { rules: { "shop.example": ["/ web:http", "/n web:80"] } }));
    assert.deepEqual(
      routes(world)?.map(({ set }) => set),
      ["shop/web:http@london", "shop/web:http@london"],
    );
  });

  test("is the number of a port that has no name", () => {
    const world = new TestWorld(["london"]);
    const objects = [service("shop/web", ["80"]), slice("shop/web", ["10.0.0.1"], "1", "")];
    world.write("london", ...objects, ingress("shop/web", { rules: { "shop.example": ["/ web:80"] } }));
    assert.deepEqual(
      routes(world)?.map(({ set }) => set),
      ["shop/web:80@london"],
    );
    assert.equal(world.edge.assignments.get("shop/web:80@london")?.groups[0]?.endpoints.length, 1);
  });

  for (const [what, objects, code] of [
    ["a Service that does not exist", [], "UnknownService spec.rules[0].http.paths[0].backend.service.name"],
    [
      "a port that the Service does not have",
      [service("shop/web", ["grpc:90"])],
      "UnknownPort spec.rules[0].http.paths[0].backend.service.port",
    ],
    [
      "a Service of type ExternalName",
      [service("shop/web", ["http:80"], "ExternalName")],
      "InvalidBackend spec.rules[0].http.paths[0].backend.service.name",
    ],
  ] as const) {
    test(`${what}: said on the Ingress, and the path answers 503`, () => {
      const world = new TestWorld(["london"]);
      world.write("london", ...objects, ingress("shop/web", web));
      assert.deepEqual(world.findings(), [`london: Ingress shop/web ${code}`]);
      assert.deepEqual(routes(world), [{ type: "Prefix", path: "/" }]);
    });
  }

  test("nobody is blamed for a Service while the Services are not known", () => {
    const world = new TestWorld(["london"]);
    world.know("london", "Service", false);
    world.write("london", ingress("shop/web", web));
    assert.deepEqual(world.findings(), []);
    world.know("london", "Service");
    assert.deepEqual(world.findings().length, 1);
    world.write("london", ...shop);
    assert.deepEqual(world.findings(), []);
  });
});
