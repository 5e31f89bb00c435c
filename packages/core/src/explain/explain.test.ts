import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cluster, ingress, secret, service, slice, TestWorld } from "../fixture.ts";
import { type Kind, objectKey } from "../model/index.ts";
import type { ExplainReport } from "../report/index.ts";
import { explainUrl } from "./index.ts";
import { parseRequest } from "./request.ts";

function shop(): TestWorld {
  const world = new TestWorld(["london", "paris"], { httpsRedirect: false });
  for (const [name, address] of [
    ["london", "10.1.0.1"],
    ["paris", "10.2.0.1"],
  ] as const) {
    world.write(
      name,
      service("shop/web"),
      slice("shop/web", [address, `${address}0 notReady`]),
      ingress("shop/web", { rules: { "shop.example": ["/ web:http", "=/gone gone:http"] } }),
    );
  }
  return world;
}

/** Every cited object exists, with the resourceVersion that is cited. */
function explain(world: TestWorld, url: string): ExplainReport {
  const report = explainUrl(world.tables, world.edge, url);
  assert.ok(report);
  for (const { because } of report.steps) {
    for (const { cluster, kind, namespace, name, resourceVersion } of because) {
      const row = world.tables[kind].get(objectKey(cluster, namespace, name));
      assert.equal(row?.resourceVersion, resourceVersion, `${kind} ${cluster}/${namespace}/${name}`);
      assert.notEqual(resourceVersion, "");
    }
  }
  return report;
}

/** Steps as `what: cluster/Kind/name …`. */
function steps({ steps }: ExplainReport): string[] {
  return steps.map(({ what, because }) =>
    [`${what}:`, ...because.map(({ cluster, kind, name }) => `${cluster}/${kind}/${name}`)].join(" "),
  );
}

describe("explain", () => {
  test("routed: the endpoints with their shares, and every object that decides", () => {
    const world = shop();
    world.write("london", cluster({ weight: 3 }));
    const report = explain(world, "http://SHOP.example:8080/cart?x=1");
    assert.deepEqual([report.outcome, report.status], ["routed", undefined]);
    assert.deepEqual(report.endpoints, [
      { cluster: "london", address: "10.1.0.1", port: 8080, pod: "web-0", node: "node-1", share: 0.75 },
      { cluster: "paris", address: "10.2.0.1", port: 8080, pod: "web-0", node: "node-1", share: 0.25 },
    ]);
    assert.deepEqual(steps(report), [
      "listener:",
      "host: london/Ingress/web paris/Ingress/web",
      "path: london/Ingress/web paris/Ingress/web",
      "backend set: london/Service/web paris/Service/web",
      "cluster: london/Cluster/self london/EndpointSlice/web-1",
      "cluster: paris/EndpointSlice/web-1",
    ]);
    assert.match(report.steps[4]?.says ?? "", /^london has 1 ready endpoint, weighs 3; it gets requests\.$/);
  });

  test("routed around a cluster that is being drained", () => {
    const world = shop();
    world.write("paris", cluster({ drain: true }));
    const report = explain(world, "http://shop.example/");
    assert.deepEqual(
      report.endpoints.map(({ cluster, share }) => [cluster, share]),
      [["london", 1]],
    );
    assert.match(
      report.steps.at(-1)?.says ?? "",
      /^paris has 1 ready endpoint, is being drained; it gets no requests\.$/,
    );
    world.write("london", cluster({ drain: true }));
    const ignored = explain(world, "http://shop.example/");
    assert.equal(ignored.endpoints.length, 2);
    assert.match(
      ignored.steps.at(-1)?.says ?? "",
      /is being drained, which is ignored because no other cluster is left; it gets requests\.$/,
    );
  });

  test("routed to endpoints that terminate, where none is ready", () => {
    const world = shop();
    world.write("london", slice("shop/web", ["10.1.0.1 draining"]));
    world.write("paris", slice("shop/web", ["10.2.0.1 notReady"]));
    const report = explain(world, "http://shop.example/");
    assert.deepEqual(
      report.endpoints.map(({ address }) => address),
      ["10.1.0.1"],
    );
    const [london, paris] = report.steps.filter(({ what }) => what === "cluster").map(({ says }) => says);
    assert.match(
      london ?? "",
      /^london has 0 ready endpoints; it gets requests at 1 terminating, which still serves\.$/,
    );
    assert.match(paris ?? "", /^paris has 0 ready endpoints; it gets no requests\.$/);
  });

  for (const [what, url, status, last] of [
    ["a host that nobody has", "http://other.example/", 404, "host:"],
    ["a path whose Service does not exist", "http://shop.example/gone", 503, "backend set:"],
    ["TLS for a name that no certificate has", "https://shop.example/", undefined, "certificate:"],
  ] as const) {
    test(`refused: ${what}`, () => {
      const report = explain(shop(), url);
      assert.deepEqual([report.outcome, report.status, report.endpoints], ["refused", status, []]);
      assert.ok(steps(report).at(-1)?.startsWith(last), steps(report).join("\n"));
    });
  }

  test("refused: a path that no rule takes", () => {
    const world = shop();
    world.write("london", ingress("shop/app", { rules: { "app.example": ["/app web:http"] } }));
    const report = explain(world, "http://app.example/apple");
    assert.deepEqual([report.outcome, report.status], ["refused", 404]);
    assert.equal(explain(world, "http://app.example/app/le").outcome, "routed");
    assert.equal(explain(world, "http://app.example/x/..//app").outcome, "routed");
  });

  test("refused: a set without any endpoint", () => {
    const world = shop();
    for (const name of ["london", "paris"]) world.remove(name, "EndpointSlice", "shop/web-1");
    const report = explain(world, "http://shop.example/");
    assert.deepEqual([report.outcome, report.status], ["refused", 503]);
  });

  test("refused: a scheme that the fleet does not listen for", () => {
    const world = shop();
    const { https: _, ...fleet } = world.edge.fleet;
    const report = explainUrl(world.tables, { ...world.edge, fleet }, "https://shop.example/");
    assert.deepEqual(
      [report?.outcome, report?.steps.map(({ says }) => says)],
      ["refused", ["Fleet public has no https listener."]],
    );
  });

  test("unknown: while a cluster was not seen, what is missing may come", () => {
    for (const [kind, url] of [
      ["Ingress", "http://other.example/"],
      ["Service", "http://shop.example/gone"],
      ["Ingress", "https://shop.example/"],
    ] as const satisfies [Kind, string][]) {
      const world = shop();
      world.know("rome", kind, false);
      const report = explain(world, url);
      assert.deepEqual([report.outcome, report.endpoints], ["unknown", []], url);
      assert.match(report.steps.at(-1)?.says ?? "", /has not been (seen since|looked up)/);
    }
  });

  test("unknown: while endpoints of a member were not seen and there are none", () => {
    const world = shop();
    for (const name of ["london", "paris"]) world.remove(name, "EndpointSlice", "shop/web-1");
    world.know("paris", "EndpointSlice", false);
    assert.equal(explain(world, "http://shop.example/").outcome, "unknown");
  });

  test("over TLS: the certificate, and the rules that the listener has for the name", () => {
    const world = shop();
    world.write(
      "london",
      secret("shop/cert", ["*.shop.example", "www.example"]),
      ingress("shop/wild", { rules: { "*.shop.example": ["/ web:http"] }, tls: { cert: [] } }),
      ingress("shop/plain", { rules: { "plain.shop.example": ["/only web:http"] } }),
    );
    const report = explain(world, "https://a.shop.example/");
    assert.equal(report.outcome, "routed");
    assert.deepEqual(steps(report).slice(1, 3), ["certificate: london/Secret/cert", "host: london/Ingress/wild"]);
    // A host without a certificate of its own is there in plain only: over TLS the wildcard takes its name.
    assert.equal(explain(world, "http://plain.shop.example/").status, 404);
    assert.equal(explain(world, "https://plain.shop.example/").outcome, "routed");
    // One label only; and a name of the certificate that no host has.
    assert.deepEqual(explain(world, "https://a.b.shop.example/").status, 404);
    assert.deepEqual(explain(world, "https://www.example/").status, 404);
  });

  test("refused with a redirect, for a host with a certificate", () => {
    const world = new TestWorld(["london"], { httpsRedirect: true });
    world.write(
      "london",
      service("shop/web"),
      slice("shop/web", ["10.1.0.1"]),
      secret("shop/cert", ["shop.example"]),
      ingress("shop/web", { rules: { "shop.example": ["/ web:http"] }, tls: { cert: ["shop.example"] } }),
    );
    const report = explain(world, "http://shop.example/");
    assert.deepEqual([report.outcome, report.status], ["refused", 301]);
    assert.equal(steps(report).at(-1), "host: london/Secret/cert");
    assert.equal(explain(world, "https://shop.example/").outcome, "routed");
  });
});

test("what is no URL of http or https is none", () => {
  for (const url of [
    "",
    "shop.example",
    "ftp://shop.example/",
    "http://",
    "http:///x",
    "http://a b/",
    "javascript:1",
  ]) {
    assert.equal(parseRequest(url), undefined, url);
  }
});

test("a URL is read as Envoy reads the request for it", () => {
  for (const [url, host, path] of [
    ["http://Shop.Example", "shop.example", "/"],
    ["http://shop.example.:80/a?b#c", "shop.example", "/a"],
    ["HTTPS://shop.example#x", "shop.example", "/"],
    ["http://shop.example//a///b/", "shop.example", "/a/b/"],
    ["http://shop.example/a/./b/../c", "shop.example", "/a/c"],
    ["http://shop.example/a/..", "shop.example", "/"],
    ["http://shop.example/../../a/.", "shop.example", "/a/"],
  ] as const) {
    assert.deepEqual(parseRequest(url), { scheme: url.startsWith("HTTPS") ? "https" : "http", host, path }, url);
  }
});
