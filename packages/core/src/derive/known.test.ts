import assert from "node:assert/strict";
import { test } from "node:test";
import { FLEET, ingress, secret, service, slice, TestWorld } from "../fixture.ts";
import { type Kind, KINDS } from "../model/index.ts";
import { TYPE } from "../translate/index.ts";

const objects = (address: string) => [
  service("shop/web"),
  slice("shop/web", [address]),
  ingress("shop/web", { rules: { "shop.example": ["/ web:http"] }, tls: { cert: ["shop.example"] } }),
];

/** Names of the types whose missing names are known to be absent. */
function complete(world: TestWorld): string[] {
  return Object.entries(TYPE).flatMap(([type, url]) => (world.edge.types.get(url)!.complete() ? [type] : []));
}

/** Resources that may be only a part. */
function partial(world: TestWorld): string[] {
  return [...world.versions()].flatMap(([name, version]) =>
    version.endsWith(" partial") ? [name.replace(/-\w{8}$/, "")] : [],
  );
}

test("unknown is not absent: while a cluster is unknown, tables, listeners and its sets are partial", () => {
  const world = new TestWorld(["london"]);
  for (const kind of KINDS) world.know("paris", kind, false);
  world.write("london", ...objects("10.1.0.1"), secret("shop/cert", ["shop.example"]));
  assert.deepEqual(complete(world), []);
  assert.deepEqual(partial(world), ["listener http", "listener https", "routeTable http", "routeTable shop.example"]);

  for (const kind of ["Ingress", "IngressClass", "Service"] as const) world.know("paris", kind);
  assert.deepEqual(complete(world), Object.keys(TYPE));
  assert.deepEqual(partial(world), [], "london's endpoints are known, and paris has none in the set");
});

test("a set is partial while endpoints, Services or the drain of a member are unknown", () => {
  for (const kind of ["EndpointSlice", "Service", "Cluster"] as const satisfies Kind[]) {
    const world = new TestWorld(["london", "paris"], { https: FLEET.https! });
    world.write("london", ...objects("10.1.0.1"), secret("shop/cert", ["shop.example"]));
    world.write("paris", ...objects("10.2.0.1"), secret("shop/cert", ["shop.example"]));
    world.know("paris", kind, false);
    const set = "shop/web:http@london+paris";
    assert.equal(world.edge.assignments.get(set)?.partial, true, kind);
    world.know("paris", kind);
    assert.equal(world.edge.assignments.get(set)?.partial, false, kind);
  }
});

/** A host whose certificate has not been looked up. */
function withLateCertificate(httpsRedirect: boolean): TestWorld {
  const world = new TestWorld(["london"], { httpsRedirect });
  world.write("london", ...objects("10.1.0.1"), secret("shop/cert", ["shop.example"]));
  const rules = { "other.example": ["/ web:http"] };
  world.write("london", ingress("shop/other", { rules, tls: { late: ["other.example"] } }));
  return world;
}

test("a certificate that was not looked up yet makes the TLS listener partial, and nothing plain", () => {
  for (const httpsRedirect of [true, false]) {
    const world = withLateCertificate(httpsRedirect);
    assert.deepEqual(partial(world), ["listener https"]);
    assert.deepEqual(complete(world), ["routeTable", "cluster", "assignment"]);
    world.absent("london", "shop/late");
    assert.deepEqual([partial(world), complete(world)], [[], Object.keys(TYPE)]);
  }
});

test("a host that wants TLS is not answered plainly while its certificate has not been looked up", () => {
  const redirects = (world: TestWorld) =>
    world.resource("routeTable", "http").virtualHosts.find(({ name }) => name === "other.example")?.routes[0]?.action
      .case;
  const world = withLateCertificate(true);
  assert.equal(redirects(world), "redirect");
  world.absent("london", "shop/late");
  assert.equal(redirects(world), "route");
  assert.equal(redirects(withLateCertificate(false)), "route");
});

test("a Secret that cannot be looked up is said on its Ingress, and a version that was seen stays", () => {
  const world = withLateCertificate(true);
  world.unseen("london", "shop/late", "the API server answers 500");
  assert.deepEqual(world.findings(), ["london: Ingress shop/other UnseenSecret spec.tls[0].secretName"]);
  assert.deepEqual(complete(world), ["routeTable", "cluster", "assignment"]);
  world.write("london", secret("shop/late", ["other.example"]));
  assert.deepEqual([world.findings(), complete(world)], [[], Object.keys(TYPE)]);
  world.unseen("london", "shop/late", "the API server answers 500");
  assert.deepEqual([world.findings(), complete(world)], [[], Object.keys(TYPE)]);
});

test("a partial resource says so although its bytes are the same", () => {
  const world = new TestWorld(["london"]);
  world.write("london", ...objects("10.1.0.1"), secret("shop/cert", ["shop.example"]));
  const changes = world.changes(() => world.know("paris", "Ingress", false));
  assert.deepEqual(
    [...changes.keys()].map((name) => name.replace(/-\w{8}$/, "")),
    ["listener http", "listener https", "routeTable http", "routeTable shop.example"],
  );
});
