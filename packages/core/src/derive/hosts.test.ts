import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ingress, type IngressSpec, service, slice, TestWorld } from "../fixture.ts";

const shop = (address: string) => [service("shop/web"), slice("shop/web", [address])];

/** A world in which both clusters have the Service `shop/web`, and each its own Ingress. */
function both(london: IngressSpec, paris: IngressSpec): TestWorld {
  const world = new TestWorld(["london", "paris"]);
  world.write("london", ...shop("10.1.0.1"), service("shop/api"), ingress("shop/web", london));
  world.write("paris", ...shop("10.2.0.1"), service("shop/api"), ingress("shop/web", paris));
  return world;
}

/** Routes of a host as `Type path → set`. */
function routes(world: TestWorld, host = "shop.example"): string[] | undefined {
  return world.edge.hosts.get(host)?.routes.map(({ type, path, set }) => `${type} ${path} → ${set ?? "503"}`);
}

/** Endpoints of a set, as `cluster address`. */
function endpoints(world: TestWorld, set: string): string[] | undefined {
  return world.edge.assignments
    .get(set)
    ?.groups.flatMap(({ cluster, endpoints }) => endpoints.map(({ address }) => `${cluster} ${address}`));
}

describe("a host", () => {
  test("of two clusters is one route over both", () => {
    const world = both({ rules: { "shop.example": ["/ web:http"] } }, { rules: { "SHOP.example": ["/ web:80"] } });
    assert.deepEqual(routes(world), ["Prefix / → shop/web:http@london+paris"]);
    assert.deepEqual(endpoints(world, "shop/web:http@london+paris"), ["london 10.1.0.1", "paris 10.2.0.1"]);
    assert.deepEqual(world.findings(), []);
  });

  test("has a path that only one cluster claims from there alone", () => {
    const world = both(
      { rules: { "shop.example": ["/ web:http"] } },
      { rules: { "shop.example": ["/ web:http", "/only web:http"] } },
    );
    assert.deepEqual(routes(world), ["Prefix /only → shop/web:http@paris", "Prefix / → shop/web:http@london+paris"]);
    assert.deepEqual(endpoints(world, "shop/web:http@paris"), ["paris 10.2.0.1"]);
  });

  test("D7: two Ingresses of one cluster that split its paths do not count its endpoints twice", () => {
    const world = new TestWorld(["london", "paris"]);
    world.write(
      "london",
      ...shop("10.1.0.1"),
      ingress("shop/one", { rules: { "shop.example": ["/a web:http"] } }),
      ingress("shop/two", { rules: { "shop.example": ["/b web:http", "/a web:http"] } }),
    );
    world.write("paris", ...shop("10.2.0.1"), ingress("shop/web", { rules: { "shop.example": ["/a web:http"] } }));
    assert.deepEqual(routes(world), ["Prefix /a → shop/web:http@london+paris", "Prefix /b → shop/web:http@london"]);
    assert.deepEqual(endpoints(world, "shop/web:http@london+paris"), ["london 10.1.0.1", "paris 10.2.0.1"]);
    assert.deepEqual(world.findings(), []);
  });

  test("matches Exact before Prefix, longer before shorter; a slash at the end of a Prefix means nothing", () => {
    const paths = ["/ web:http", "/a/ web:http", "/a/b web:http", "=/a/b web:http", "=/z/ web:http"];
    const world = both({ rules: { "shop.example": paths } }, { rules: { "shop.example": ["/a web:http"] } });
    assert.deepEqual(routes(world), [
      "Exact /a/b → shop/web:http@london",
      "Exact /z/ → shop/web:http@london",
      "Prefix /a/b → shop/web:http@london",
      "Prefix /a → shop/web:http@london+paris",
      "Prefix / → shop/web:http@london",
    ]);
  });

  test("goes when its last Ingress goes", () => {
    const spec = { rules: { "shop.example": ["/ web:http"] } };
    const world = both(spec, spec);
    world.remove("london", "Ingress", "shop/web");
    assert.deepEqual(routes(world), ["Prefix / → shop/web:http@paris"]);
    world.remove("paris", "Ingress", "shop/web");
    assert.equal(routes(world), undefined);
    assert.deepEqual(world.names("cluster"), []);
  });

  test("whose Service exists in one cluster only is served from there, and the other is told", () => {
    const world = both({ rules: { "shop.example": ["/ web:http"] } }, { rules: { "shop.example": ["/ web:http"] } });
    world.remove("london", "Service", "shop/web");
    assert.deepEqual(routes(world), ["Prefix / → shop/web:http@paris"]);
    assert.deepEqual(world.findings(), [
      "london: Ingress shop/web UnknownService spec.rules[0].http.paths[0].backend.service.name",
    ]);
  });
});

describe("a conflict", () => {
  test("over a path goes to the older Ingress, and both are told", () => {
    const world = both(
      { rules: { "shop.example": ["/ web:http"] }, day: 2 },
      { rules: { "shop.example": ["/ api:http"] }, day: 1 },
    );
    assert.deepEqual(routes(world), ["Prefix / → shop/api:http@paris"]);
    assert.deepEqual(world.findings(), [
      "london: Ingress shop/web RouteConflict spec.rules[0].http.paths[0]",
      "paris: Ingress shop/web RouteConflict spec.rules[0].http.paths[0]",
    ]);
    const [loser] = world.edge.findings().filter(({ object }) => object.cluster === "london");
    assert.equal(
      loser?.problem.message,
      "Prefix / of host shop.example goes to shop/api:http because paris: Ingress shop/web is older; shop/web:http gets nothing from this path. Give both the same backend, or another path.",
    );
  });

  test("of the same age goes by cluster, namespace, name", () => {
    const world = both({ rules: { "shop.example": ["/ web:http"] } }, { rules: { "shop.example": ["/ api:http"] } });
    assert.deepEqual(routes(world), ["Prefix / → shop/web:http@london"]);
  });

  test("is decided by age also while the older one's Service is not there: a younger one does not take the path over", () => {
    const world = both(
      { rules: { "shop.example": ["/ gone:http"] }, day: 1 },
      { rules: { "shop.example": ["/ web:http"] }, day: 2 },
    );
    assert.deepEqual(routes(world), ["Prefix / → 503"]);
    assert.deepEqual(world.findings(), [
      "london: Ingress shop/web RouteConflict spec.rules[0].http.paths[0]",
      "london: Ingress shop/web UnknownService spec.rules[0].http.paths[0].backend.service.name",
      "paris: Ingress shop/web RouteConflict spec.rules[0].http.paths[0]",
    ]);
  });

  test("inside one Ingress is a repeated path: the first counts, and it is said once", () => {
    const world = both({ rules: { "shop.example": ["/a web:http", "/a/ api:http"] } }, { fallback: "web:http" });
    assert.deepEqual(routes(world), ["Prefix /a → shop/web:http@london"]);
    assert.deepEqual(world.findings(), ["london: Ingress shop/web DuplicatePath spec.rules[0].http.paths[1]"]);
  });

  test("ends when its cause ends", () => {
    const world = both(
      { rules: { "shop.example": ["/ web:http"] }, day: 2 },
      { rules: { "shop.example": ["/ api:http"] }, day: 1 },
    );
    world.remove("paris", "Ingress", "shop/web");
    assert.deepEqual([routes(world), world.findings()], [["Prefix / → shop/web:http@london"], []]);
  });
});

describe("a default backend", () => {
  test("takes what no rule of its Ingress takes, and hosts that nobody has", () => {
    const world = both({ rules: { "shop.example": ["/a web:http"] }, fallback: "api:http" }, { fallback: "api:80" });
    assert.deepEqual(routes(world), ["Prefix /a → shop/web:http@london", "Prefix / → shop/api:http@london"]);
    assert.deepEqual(routes(world, "*"), ["Prefix / → shop/api:http@london+paris"]);
  });

  test("gives way to a rule of another Ingress, without a conflict", () => {
    const world = both(
      { rules: { "shop.example": ["/a web:http"] }, fallback: "api:http", day: 1 },
      { rules: { "shop.example": ["/ web:http"] }, day: 2 },
    );
    assert.deepEqual(routes(world), ["Prefix /a → shop/web:http@london", "Prefix / → shop/web:http@paris"]);
    assert.deepEqual(world.findings(), []);
  });

  test("of two Ingresses that differ is the older one's, and both are told", () => {
    const world = both({ fallback: "web:http", day: 2 }, { fallback: "api:http", day: 1 });
    assert.deepEqual(routes(world, "*"), ["Prefix / → shop/api:http@paris"]);
    assert.equal(world.findings().length, 2);
  });

  test("is what a rule without a host is, too", () => {
    const world = both({ rules: { "": ["/a web:http"] } }, { fallback: "api:http" });
    assert.deepEqual(routes(world, "*"), ["Prefix /a → shop/web:http@london", "Prefix / → shop/api:http@paris"]);
  });
});
