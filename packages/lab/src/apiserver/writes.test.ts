import assert from "node:assert/strict";
import { test } from "node:test";
import { call, configMap, get, started } from "./fixture.ts";

const MAPS = "/api/v1/namespaces/shop/configmaps";
const INGRESSES = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses";
const MERGE = { "content-type": "application/merge-patch+json" };

test("create gives uid, time, version and the namespace of the path", async (t) => {
  const server = await started(t);
  const { status, json } = await call(server, "POST", MAPS, { body: configMap("a", { data: { x: "1" } }) });
  assert.equal(status, 201);
  assert.match(json.metadata.uid, /^[0-9a-f-]{36}$/);
  const { uid } = json.metadata;
  const metadata = {
    name: "a",
    namespace: "shop",
    uid,
    creationTimestamp: "1970-01-01T00:00:00Z",
    resourceVersion: "2",
  };
  assert.deepEqual(json, { apiVersion: "v1", kind: "ConfigMap", metadata, data: { x: "1" } });
  assert.deepEqual(await get(server, `${MAPS}/a`), json);
});

test("create refuses what is there already, names that are none, and objects of another kind or namespace", async (t) => {
  const server = await started(t);
  const post = async (body: object) => {
    const { status, json } = await call(server, "POST", MAPS, { body });
    return [status, json.reason];
  };
  assert.deepEqual(await post(configMap("a")), [201, undefined]);
  assert.deepEqual(await post(configMap("a")), [409, "AlreadyExists"]);
  assert.deepEqual(await post(configMap("Not_a_name")), [422, "Invalid"]);
  assert.deepEqual(await post({ ...configMap("b"), kind: "Secret" }), [400, "BadRequest"]);
  assert.deepEqual(await post({ metadata: { name: "b", namespace: "other" } }), [400, "BadRequest"]);
  assert.deepEqual(await post({ metadata: { name: "b", resourceVersion: "7" } }), [400, "BadRequest"]);
  assert.deepEqual(await post({ metadata: {} }), [422, "Invalid"]);
  assert.deepEqual(await post([]), [400, "BadRequest"]);
  assert.deepEqual(await post({ metadata: { name: "b", labels: { a: 1 } } }), [400, "BadRequest"]);
  assert.equal(server.objects.version, 2);
});

test("generateName makes a name of its own for each object", async (t) => {
  const server = await started(t);
  const body = { metadata: { generateName: "event-" } };
  const names = await Promise.all(
    [1, 2].map(async () => (await call(server, "POST", MAPS, { body })).json.metadata.name),
  );
  for (const name of names) assert.match(name, /^event-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  assert.notEqual(names[0], names[1]);
});

test("update demands the version that the client has seen, if it names one", async (t) => {
  const server = await started(t);
  const { json: first } = await call(server, "POST", MAPS, { body: configMap("a") });
  const { json: second } = await call(server, "PUT", `${MAPS}/a`, { body: { ...first, data: { x: "1" } } });
  assert.equal(second.metadata.resourceVersion, "3");
  const late = await call(server, "PUT", `${MAPS}/a`, { body: { ...first, data: { x: "2" } } });
  assert.equal(late.status, 409);
  assert.equal(late.json.reason, "Conflict");
  assert.match(late.json.message, /^Operation cannot be fulfilled on configmaps "a": the object has been modified/);
  const blind = await call(server, "PUT", `${MAPS}/a`, { body: configMap("a", { data: { x: "3" } }) });
  assert.equal(blind.status, 200);
  assert.equal(blind.json.metadata.uid, first.metadata.uid);
  const other = { ...configMap("a"), metadata: { name: "a", uid: "another" } };
  assert.equal((await call(server, "PUT", `${MAPS}/a`, { body: other })).status, 409);
  assert.equal((await call(server, "PUT", `${MAPS}/a`, { body: configMap("b") })).status, 400);
  assert.equal((await call(server, "PUT", `${MAPS}/none`, { body: configMap("none") })).status, 404);
});

test("an update that changes nothing gives no new version", async (t) => {
  const server = await started(t);
  const { json } = await call(server, "POST", MAPS, { body: configMap("a", { data: { x: "1", y: "2" } }) });
  const again = await call(server, "PUT", `${MAPS}/a`, { body: { ...json, data: { y: "2", x: "1" } } });
  assert.deepEqual(again.json, json);
  assert.equal(server.objects.version, 2);
});

test("the generation counts changes of the spec; status is written through its own path", async (t) => {
  const server = await started(t);
  const created = await call(server, "POST", INGRESSES, {
    body: {
      metadata: { name: "shop" },
      spec: { ingressClassName: "a" },
      status: { loadBalancer: { ingress: [{ ip: "1.1.1.1" }] } },
    },
  });
  assert.equal(created.json.metadata.generation, 1);
  assert.deepEqual(created.json.status, { loadBalancer: {} });
  const status = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } };
  const written = await call(server, "PUT", `${INGRESSES}/shop/status`, {
    body: { ...created.json, spec: {}, status },
  });
  assert.deepEqual(written.json.spec, { ingressClassName: "a" });
  assert.deepEqual(written.json.status, status);
  assert.equal(written.json.metadata.generation, 1);
  const labelled = await call(server, "PATCH", `${INGRESSES}/shop`, {
    body: { metadata: { labels: { a: "b" } }, status: null },
    headers: MERGE,
  });
  assert.equal(labelled.json.metadata.generation, 1);
  assert.deepEqual(labelled.json.status, status);
  const changed = await call(server, "PATCH", `${INGRESSES}/shop`, { body: { spec: { x: 1 } }, headers: MERGE });
  assert.equal(changed.json.metadata.generation, 2);
  assert.deepEqual(await get(server, `${INGRESSES}/shop/status`), changed.json);
  assert.equal((await call(server, "GET", `${MAPS}/a/status`)).status, 404);
});

test("merge patch: null removes, objects merge, lists are replaced; other patches are refused", async (t) => {
  const server = await started(t);
  await call(server, "POST", MAPS, { body: { metadata: { name: "a" }, data: { keep: "1", go: "2" }, list: [1, 2] } });
  const { json } = await call(server, "PATCH", `${MAPS}/a`, {
    body: { data: { go: null, come: "3" }, list: [9] },
    headers: MERGE,
  });
  assert.deepEqual([json.data, json.list], [{ keep: "1", come: "3" }, [9]]);
  const stale = { metadata: { resourceVersion: "2" }, data: { x: "y" } };
  assert.equal((await call(server, "PATCH", `${MAPS}/a`, { body: stale, headers: MERGE })).status, 409);
  for (const kind of ["strategic-merge-patch+json", "json-patch+json", "apply-patch+yaml"]) {
    const headers = { "content-type": `application/${kind}` };
    const refused = await call(server, "PATCH", `${MAPS}/a`, { body: {}, headers });
    assert.deepEqual([refused.status, refused.json.reason], [415, "UnsupportedMediaType"]);
  }
});

test("delete answers a Status, keeps preconditions, and says that finalizers are ignored", async (t) => {
  const server = await started(t);
  const body = { metadata: { name: "a", finalizers: ["example.com/hold"] } };
  const { json } = await call(server, "POST", MAPS, { body });
  const other = { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid: "another" } };
  assert.equal((await call(server, "DELETE", `${MAPS}/a`, { body: other })).status, 409);
  const options = { propagationPolicy: "Background", preconditions: { uid: json.metadata.uid, resourceVersion: "2" } };
  const deleted = await call(server, "DELETE", `${MAPS}/a`, { body: options });
  const details = { name: "a", group: "", kind: "configmaps", uid: json.metadata.uid };
  assert.deepEqual(deleted.json, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details });
  assert.match(deleted.headers.get("warning") ?? "", /^299 - "metadata.finalizers were ignored/);
  assert.equal((await call(server, "DELETE", `${MAPS}/a`)).status, 404);
});

test("deletecollection deletes what its selectors choose and shows it", async (t) => {
  const server = await started(t);
  for (const [name, app] of [
    ["a", "x"],
    ["b", "y"],
    ["c", "x"],
  ] as const) {
    await call(server, "POST", MAPS, { body: configMap(name, { labels: { app } }) });
  }
  const { json } = await call(server, "DELETE", `${MAPS}?labelSelector=app%3Dx`);
  assert.deepEqual(
    json.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ["a", "c"],
  );
  assert.deepEqual(
    server.objects.list("v1", "ConfigMap").map(({ metadata }) => metadata.name),
    ["b"],
  );
  assert.equal((await call(server, "DELETE", "/api/v1/configmaps")).status, 405);
});

test("a dry run checks and changes nothing", async (t) => {
  const server = await started(t);
  assert.equal((await call(server, "POST", `${MAPS}?dryRun=All`, { body: configMap("a") })).status, 201);
  assert.equal((await call(server, "GET", `${MAPS}/a`)).status, 404);
  assert.equal((await call(server, "POST", `${MAPS}?dryRun=Some`, { body: configMap("a") })).status, 400);
  await call(server, "POST", MAPS, { body: configMap("a") });
  assert.equal((await call(server, "POST", `${MAPS}?dryRun=All`, { body: configMap("a") })).status, 409);
  await call(server, "DELETE", `${MAPS}/a`, { body: { dryRun: ["All"] } });
  await call(server, "PUT", `${MAPS}/a?dryRun=All`, { body: configMap("a", { data: { x: "1" } }) });
  assert.deepEqual((await get(server, `${MAPS}/a`)).data, {});
  assert.equal(server.objects.version, 2);
});

test("a Secret's stringData becomes data", async (t) => {
  const server = await started(t);
  const body = { metadata: { name: "s" }, data: { a: "YQ==" }, stringData: { b: "b" } };
  const { json } = await call(server, "POST", "/api/v1/namespaces/shop/secrets", { body });
  assert.deepEqual([json.type, json.data, json.stringData], ["Opaque", { a: "YQ==", b: "Yg==" }, undefined]);
});

test("bodies that are too large or no JSON, and paths and methods that are not served, are refused", async (t) => {
  const server = await started(t);
  const large = JSON.stringify(configMap("a", { data: { x: "x".repeat(3 * 1024 * 1024) } }));
  assert.equal((await call(server, "POST", MAPS, { body: large })).status, 413);
  assert.equal((await call(server, "POST", MAPS, { body: "{" })).status, 400);
  assert.equal((await call(server, "POST", MAPS)).status, 400);
  // `kubectl create namespace` sends protobuf.
  for (const type of ["application/vnd.kubernetes.protobuf", "application/yaml", "application/apply-patch+yaml"]) {
    const headers = { "content-type": type };
    const { status, json } = await call(server, "POST", MAPS, { body: "k8s\0\n", headers });
    assert.deepEqual([status, json.reason], [415, "UnsupportedMediaType"]);
    assert.match(
      json.message,
      /unknown format \(application\/\S+\): this server reads only application\/json; with kubectl/,
    );
  }
  const typed = { "content-type": "application/json; charset=utf-8" };
  assert.equal(
    (await call(server, "POST", `${MAPS}?dryRun=All`, { body: configMap("a"), headers: typed })).status,
    201,
  );
  assert.equal((await call(server, "POST", "/api/v1/configmaps", { body: configMap("a") })).status, 405);
  assert.equal((await call(server, "PUT", MAPS, { body: configMap("a") })).status, 405);
  for (const path of [
    "/api/v2/pods",
    "/apis/none/v1/pods",
    "/api/v1/configmaps/a",
    "/x",
    `${MAPS}/a/scale`,
    "/api/v1/%zz",
  ]) {
    const { status, json } = await call(server, "GET", path);
    assert.deepEqual([status, json.kind, json.reason], [404, "Status", "NotFound"], path);
  }
  assert.equal((await call(server, "GET", MAPS, { headers: { accept: "application/yaml" } })).status, 406);
  const unread = await call(server, "POST", MAPS, { body: configMap("z"), headers: { accept: "text/html" } });
  assert.equal(unread.status, 406);
  assert.equal(server.objects.version, 1);
});
