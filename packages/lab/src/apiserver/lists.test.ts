import assert from "node:assert/strict";
import { test } from "node:test";
import { call, configMap, get, started } from "./fixture.ts";
import type { Json } from "./fixture.ts";
import type { ApiServer } from "./server.ts";

const MAPS = "/api/v1/configmaps";

function fill(server: ApiServer, count: number, namespace = "shop"): void {
  for (let i = 0; i < count; i += 1) put(server, String(i).padStart(3, "0"), namespace);
}

function put(server: ApiServer, name: string, namespace = "shop", data: object = {}): void {
  const object = configMap(name, { data });
  server.objects.apply({ ...object, metadata: { ...object.metadata, namespace } });
}

function names(list: Json): string[] {
  return list.items.map((item: Json) => item.metadata.name);
}

test("a list is in the order of namespace and name and says its version", async (t) => {
  const server = await started(t);
  for (const [name, namespace] of [
    ["b", "y"],
    ["a", "z"],
    ["c", "x"],
  ] as const)
    put(server, name, namespace);
  const list = await get(server, MAPS);
  assert.deepEqual([list.kind, list.apiVersion, list.metadata], ["ConfigMapList", "v1", { resourceVersion: "4" }]);
  assert.deepEqual(names(list), ["c", "b", "a"]);
  assert.deepEqual(names(await get(server, "/api/v1/namespaces/y/configmaps")), ["b"]);
  assert.deepEqual(names(await get(server, "/api/v1/namespaces/none/configmaps")), []);
});

test("pages show one state while writes go on, each object once", async (t) => {
  const server = await started(t);
  fill(server, 25);
  const first = await get(server, `${MAPS}?limit=10`);
  assert.equal(first.metadata.remainingItemCount, 15);
  const seen = names(first);
  let token = first.metadata.continue;
  while (token !== undefined) {
    // Objects before and after the page come, change and go.
    put(server, `000-${server.objects.version}`);
    put(server, "999", "shop", { version: String(server.objects.version) });
    server.objects.delete({ apiVersion: "v1", kind: "ConfigMap", namespace: "shop", name: "024" });
    const page = await get(server, `${MAPS}?limit=10&continue=${token}`);
    assert.equal(page.metadata.resourceVersion, "26");
    seen.push(...names(page));
    token = page.metadata.continue;
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 25 }, (_, i) => String(i).padStart(3, "0")),
  );
});

test("a page with a selector does not count what remains", async (t) => {
  const server = await started(t);
  fill(server, 9);
  const page = await get(server, `${MAPS}?limit=2&fieldSelector=metadata.name!%3D001`);
  assert.deepEqual(names(page), ["000", "002"]);
  assert.equal(page.metadata.remainingItemCount, undefined);
  const next = await get(
    server,
    `${MAPS}?limit=2&fieldSelector=metadata.name!%3D001&continue=${page.metadata.continue}`,
  );
  assert.deepEqual(names(next), ["003", "004"]);
});

test("continue tokens expire with compaction, and ones that are none are refused", async (t) => {
  const server = await started(t);
  fill(server, 5);
  const { continue: token } = (await get(server, `${MAPS}?limit=2`)).metadata;
  put(server, "999");
  server.compact();
  const { status, json } = await call(server, "GET", `${MAPS}?limit=2&continue=${token}`);
  assert.deepEqual([status, json.reason], [410, "Expired"]);
  for (const wrong of ["nonsense", Buffer.from("[1]").toString("base64url"), Buffer.from("{}").toString("base64url")]) {
    assert.equal((await call(server, "GET", `${MAPS}?limit=2&continue=${wrong}`)).status, 400);
  }
  const mixed = await call(server, "GET", `${MAPS}?limit=2&continue=${token}&resourceVersion=3`);
  assert.equal(mixed.status, 400);
});

test("resourceVersionMatch: at least, exactly, gone and not yet reached", async (t) => {
  const server = await started(t);
  fill(server, 3);
  const version = async (query: string) => {
    const { status, json } = await call(server, "GET", `${MAPS}?${query}`);
    return status === 200 ? json.metadata.resourceVersion : status;
  };
  assert.equal(await version("resourceVersion=0"), "4");
  assert.equal(await version("resourceVersion=2&resourceVersionMatch=NotOlderThan"), "4");
  assert.equal(await version("resourceVersion=4&resourceVersionMatch=Exact"), "4");
  assert.equal(await version("resourceVersion=3&resourceVersionMatch=Exact"), 410);
  assert.equal(await version("resourceVersion=9&resourceVersionMatch=NotOlderThan"), 504);
  for (const query of [
    "resourceVersionMatch=Exact",
    "resourceVersion=0&resourceVersionMatch=Exact",
    "resourceVersionMatch=NotOlderThan",
    "resourceVersion=3&resourceVersionMatch=Other",
    "resourceVersion=x",
    "limit=-1",
    "sendInitialEvents=true",
  ]) {
    assert.equal(await version(query), 400, query);
  }
  // Another kind's writes leave the state of this one as it was.
  server.objects.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  assert.equal(await version("resourceVersion=4&resourceVersionMatch=Exact"), "4");
});

test("selectors by labels and by fields", async (t) => {
  const server = await started(t);
  for (const [name, labels] of Object.entries<Record<string, string>>({
    a: { app: "x", tier: "1" },
    b: { app: "y" },
    c: {},
  })) {
    server.objects.apply(configMap(name, { labels }));
  }
  const chosen = async (query: string) => names(await get(server, `${MAPS}?${new URLSearchParams(query).toString()}`));
  assert.deepEqual(await chosen("labelSelector=app=x"), ["a"]);
  assert.deepEqual(await chosen("labelSelector=app!=x"), ["b", "c"]);
  assert.deepEqual(await chosen("labelSelector=app in (x,y),!tier"), ["b"]);
  assert.deepEqual(await chosen("fieldSelector=metadata.name=b"), ["b"]);
  server.objects.apply({ apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, type: "kubernetes.io/tls" });
  server.objects.apply({ apiVersion: "v1", kind: "Secret", metadata: { name: "o" } });
  assert.deepEqual(names(await get(server, "/api/v1/secrets?fieldSelector=type%3Dkubernetes.io/tls")), ["s"]);
  assert.equal((await call(server, "GET", `${MAPS}?fieldSelector=data.x%3D1`)).status, 400);
  assert.equal((await call(server, "GET", `${MAPS}?labelSelector=%2C%2C(`)).status, 400);
});

test("a list of 10,000 objects comes in pages of which each is cut out once", async (t) => {
  const server = await started(t);
  for (let i = 0; i < 10_000; i += 1) put(server, `m${i}`, `n${i % 10}`);
  const seen = new Set<string>();
  let token = "";
  let pages = 0;
  do {
    const page = await get(server, `${MAPS}?limit=500&continue=${token}`);
    for (const { metadata } of page.items) seen.add(`${metadata.namespace}/${metadata.name}`);
    token = page.metadata.continue ?? "";
    pages += 1;
  } while (token !== "");
  assert.deepEqual([seen.size, pages], [10_000, 20]);
});
