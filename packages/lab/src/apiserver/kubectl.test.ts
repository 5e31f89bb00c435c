/** The requests that kubectl makes, in its words. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { call, configMap, get, ManualClock, openWatch, started } from "./fixture.ts";
import type { Json } from "./fixture.ts";

const TABLE =
  "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
const AGGREGATED =
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const CLUSTERS = "/apis/carrick.dev/v1/clusters";

function clusterDefinition(): Json {
  return parse(readFileSync(new URL("../../../../deploy/crds/carrick.dev_clusters.yaml", import.meta.url), "utf8"));
}

test("version: it says what it is", async (t) => {
  const { major, minor, gitVersion } = await get(await started(t), "/version");
  assert.deepEqual([major, minor, gitVersion], ["1", "36", "v1.36.0+carrick.embedded"]);
});

test("aggregated discovery lists groups and resources in two documents", async (t) => {
  const server = await started(t);
  const { headers, json: core } = await call(server, "GET", "/api", { headers: { accept: AGGREGATED } });
  assert.equal(headers.get("content-type"), "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  assert.deepEqual(
    [core.kind, core.apiVersion, core.items.length],
    ["APIGroupDiscoveryList", "apidiscovery.k8s.io/v2", 1],
  );
  const pods = core.items[0].versions[0].resources.find((one: Json) => one.resource === "pods");
  assert.deepEqual([pods.scope, pods.shortNames, pods.responseKind.kind], ["Namespaced", ["po"], "Pod"]);
  assert.deepEqual(
    pods.subresources.map((one: Json) => one.subresource),
    ["status"],
  );
  const groups = await get(server, "/apis", { accept: AGGREGATED });
  assert.deepEqual(groups.items.map((item: Json) => item.metadata.name).sort(), [
    "apiextensions.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "networking.k8s.io",
  ]);
});

test("discovery of old clients, group by group", async (t) => {
  const server = await started(t);
  assert.deepEqual((await get(server, "/api")).versions, ["v1"]);
  const groups = (await get(server, "/apis")).groups;
  assert.equal(groups.find((one: Json) => one.name === "networking.k8s.io").preferredVersion.version, "v1");
  assert.equal((await get(server, "/apis/networking.k8s.io")).kind, "APIGroup");
  const { resources, groupVersion } = await get(server, "/apis/networking.k8s.io/v1");
  assert.equal(groupVersion, "networking.k8s.io/v1");
  const ingresses = resources.find((one: Json) => one.name === "ingresses");
  assert.deepEqual([ingresses.kind, ingresses.singularName, ingresses.namespaced], ["Ingress", "ingress", true]);
  assert.ok(resources.some((one: Json) => one.name === "ingresses/status"));
  for (const path of ["/apis/none", "/apis/none/v1", "/api/v2"])
    assert.equal((await call(server, "GET", path)).status, 404);
});

test("get: a table with the columns of the kind and the metadata of each object", async (t) => {
  const clock = new ManualClock();
  const server = await started(t, { clock });
  server.objects.apply({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "shop", namespace: "shop" },
    spec: {
      ingressClassName: "carrick",
      tls: [{}],
      rules: ["a", "b", "c", "d"].map((name) => ({ host: `${name}.example` })),
    },
    status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } },
  });
  clock.pass(125_000);
  const path = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses?limit=500";
  const table = await get(server, path, { accept: TABLE });
  assert.deepEqual(
    table.columnDefinitions.map((one: Json) => one.name),
    ["Name", "Class", "Hosts", "Address", "Ports", "Age"],
  );
  const hosts = "a.example,b.example,c.example + 1 more...";
  assert.deepEqual(table.rows[0].cells, ["shop", "carrick", hosts, "192.0.2.1", "80, 443", "2m5s"]);
  assert.equal(table.rows[0].object.kind, "PartialObjectMetadata");
  assert.equal(table.rows[0].object.metadata.namespace, "shop");
  const one = await get(server, "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/shop?includeObject=Object", {
    accept: TABLE,
  });
  assert.equal(one.rows[0].object.kind, "Ingress");
  assert.equal((await get(server, `${path}&includeObject=None`, { accept: TABLE })).rows[0].object, undefined);
});

test("get --watch: tables, the columns only in the first", async (t) => {
  const server = await started(t);
  const path = "/api/v1/namespaces/default/configmaps?watch=true&resourceVersion=0&allowWatchBookmarks=true";
  const watch = await openWatch(t, server, path, { accept: TABLE });
  server.objects.apply(configMap("a", { data: { x: "1" } }));
  server.objects.apply(configMap("a", { data: { x: "1", y: "2" } }));
  const [first, second] = [await watch.next(), await watch.next()];
  assert.deepEqual([first.type, first.object.kind, first.object.rows[0].cells[1]], ["ADDED", "Table", 1]);
  assert.equal(first.object.columnDefinitions.length, 3);
  assert.deepEqual(
    [second.type, second.object.columnDefinitions, second.object.rows[0].cells[1]],
    ["MODIFIED", null, 2],
  );
});

test("describe reads the events of one object by fields", async (t) => {
  const server = await started(t);
  for (const name of ["a", "b"]) {
    const involvedObject = { kind: "Pod", namespace: "default", name, uid: `uid-${name}` };
    server.objects.apply({
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: `${name}.1` },
      involvedObject,
      reason: "Started",
    });
  }
  const selector = "involvedObject.name%3Da%2CinvolvedObject.namespace%3Ddefault%2CinvolvedObject.kind%3DPod";
  const { items } = await get(server, `/api/v1/namespaces/default/events?fieldSelector=${selector}&limit=500`);
  assert.deepEqual(
    items.map((item: Json) => item.metadata.name),
    ["a.1"],
  );
});

test("create, replace and delete with kubectl's queries and options", async (t) => {
  const server = await started(t);
  const folder = "/api/v1/namespaces/default/configmaps";
  const created = await call(server, "POST", `${folder}?fieldManager=kubectl-create&fieldValidation=Ignore`, {
    body: configMap("a"),
  });
  assert.equal(created.status, 201);
  const replaced = await call(server, "PUT", `${folder}/a?fieldManager=kubectl-replace`, {
    body: configMap("a", { data: { x: "1" } }),
  });
  assert.equal(replaced.json.metadata.resourceVersion, "3");
  const body = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Background" };
  const deleted = await call(server, "DELETE", `${folder}/a`, { body });
  assert.equal(deleted.json.details.uid, created.json.metadata.uid);
  // kubectl delete then waits until the object is gone.
  const { items } = await get(server, `${folder}?fieldSelector=metadata.name%3Da`);
  assert.deepEqual(items, []);
});

test("Cluster/self: its definition is served at once, with status and printed columns", async (t) => {
  const server = await started(t);
  assert.equal((await call(server, "GET", CLUSTERS)).status, 404);
  const created = await call(server, "POST", CRDS, { body: clusterDefinition() });
  assert.equal(created.status, 201);
  const established = created.json.status.conditions.find((one: Json) => one.type === "Established");
  assert.equal(established.status, "True");
  assert.deepEqual(created.json.status.acceptedNames.kind, "Cluster");
  const self = {
    apiVersion: "carrick.dev/v1",
    kind: "Cluster",
    metadata: { name: "self" },
    spec: { drain: true, weight: 3 },
  };
  const put = await call(server, "POST", CLUSTERS, { body: { ...self, status: { conditions: [] } } });
  assert.deepEqual([put.status, put.json.status], [201, undefined]);
  const patched = await call(server, "PATCH", `${CLUSTERS}/self/status`, {
    body: { spec: { drain: false }, status: { conditions: [{ type: "Drained" }] } },
    headers: { "content-type": "application/merge-patch+json" },
  });
  assert.deepEqual([patched.json.spec.drain, patched.json.status.conditions.length], [true, 1]);
  const table = await get(server, CLUSTERS, { accept: TABLE });
  assert.deepEqual(
    table.columnDefinitions.map((one: Json) => one.name),
    ["Name", "Drain", "Weight", "Age"],
  );
  assert.deepEqual(table.rows[0].cells, ["self", true, 3, "0s"]);
  assert.ok((await get(server, "/apis")).groups.some((one: Json) => one.name === "carrick.dev"));
});

test("a definition that goes takes its objects and ends its watches", async (t) => {
  const server = await started(t);
  await call(server, "POST", CRDS, { body: clusterDefinition() });
  await call(server, "POST", CLUSTERS, { body: { metadata: { name: "self" }, spec: {} } });
  const watch = await openWatch(t, server, `${CLUSTERS}?watch=1`);
  assert.deepEqual(await watch.take(1), ["ADDED self"]);
  assert.equal((await call(server, "DELETE", `${CRDS}/clusters.carrick.dev`)).status, 200);
  assert.deepEqual(
    (await watch.rest()).map((event) => event.type),
    ["DELETED"],
  );
  assert.equal((await call(server, "GET", CLUSTERS)).status, 404);
  await call(server, "POST", CRDS, { body: clusterDefinition() });
  assert.deepEqual((await get(server, CLUSTERS)).items, []);
});

test("definitions that cannot be are refused; one that only prints differently is taken", async (t) => {
  const server = await started(t);
  const attempt = async (change: (spec: Json, metadata: Json) => void) => {
    const body = clusterDefinition();
    change(body.spec, body.metadata);
    const { status, json } = await call(server, "POST", CRDS, { body });
    return `${status} ${json.message ?? ""}`;
  };
  assert.match(await attempt((_, metadata) => (metadata.name = "other.carrick.dev")), /^422 .*metadata.name/);
  assert.match(await attempt((spec) => (spec.scope = "Galaxy")), /^422 .*spec.scope/);
  assert.match(await attempt((spec) => (spec.versions[0].storage = false)), /^422 .*spec.versions/);
  assert.match(await attempt((spec) => delete spec.names.kind), /^422 .*spec.names.kind: is required/);
  assert.match(
    await attempt((spec) => (spec.versions[0].additionalPrinterColumns[0].jsonPath = ".a[?(")),
    /^422 .*jsonPath/,
  );
  const builtIn = (spec: Json, metadata: Json) => {
    spec.group = "networking.k8s.io";
    spec.names.plural = "ingresses";
    metadata.name = "ingresses.networking.k8s.io";
  };
  assert.match(await attempt(builtIn), /^422 .*built in/);
  const { json } = await call(server, "POST", CRDS, { body: clusterDefinition() });
  json.spec.versions[0].additionalPrinterColumns.pop();
  assert.equal((await call(server, "PUT", `${CRDS}/clusters.carrick.dev`, { body: json })).status, 200);
  assert.equal((await get(server, CLUSTERS, { accept: TABLE })).columnDefinitions.length, 3);
  const { resourceVersion: _, ...metadata } = json.metadata;
  const moved = { ...json, metadata, spec: { ...json.spec, scope: "Namespaced" } };
  assert.equal((await call(server, "PUT", `${CRDS}/clusters.carrick.dev`, { body: moved })).status, 422);
});
