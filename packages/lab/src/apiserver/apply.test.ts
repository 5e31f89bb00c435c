import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { KubeError } from "@carrick/kube";
import { apply } from "./apply.ts";
import type { ApplyClient } from "./apply.ts";
import { call, started } from "./fixture.ts";
import type { ApiServer } from "./server.ts";

const CLUSTERS = readFileSync(new URL("../../../../deploy/crds/carrick.dev_clusters.yaml", import.meta.url), "utf8");

/** A client by the shortest way; `seen` are its requests. */
function clientOf(server: ApiServer): ApplyClient & { readonly seen: string[] } {
  const seen: string[] = [];
  const send = async (method: string, path: string, body?: object) => {
    seen.push(`${method} ${path}`);
    const { status, json } = await call(server, method, path, { body });
    if (status >= 300) throw new KubeError(status, json.reason, json.message);
    return json;
  };
  return {
    seen,
    get: (path) => send("GET", path),
    create: (path, object) => send("POST", path, object),
    update: (path, object) => send("PUT", path, object),
  };
}

async function ready(t: TestContext) {
  const server = await started(t);
  return { server, client: clientOf(server) };
}

const TWO = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
# nothing here
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: a, namespace: shop}
    data: {x: "1"}
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: b}
`;

test("creates, then finds nothing to change, then replaces", async (t) => {
  const { server, client } = await ready(t);
  const outcomes = async (yaml: string) =>
    (await apply(client, yaml)).map(({ kind, namespace, name, outcome }) => `${kind} ${namespace}/${name} ${outcome}`);
  assert.deepEqual(await outcomes(TWO), [
    "Namespace undefined/shop created",
    "ConfigMap shop/a created",
    "ConfigMap default/b created",
  ]);
  assert.deepEqual(await outcomes(TWO), [
    "Namespace undefined/shop unchanged",
    "ConfigMap shop/a unchanged",
    "ConfigMap default/b unchanged",
  ]);
  assert.equal((await outcomes(TWO.replace('"1"', '"2"')))[1], "ConfigMap shop/a replaced");
  assert.deepEqual(
    server.objects.get({ apiVersion: "v1", kind: "ConfigMap", namespace: "shop", name: "a" })?.["data"],
    { x: "2" },
  );
  assert.equal(client.seen.filter((request) => request === "GET /api/v1").length, 3);
});

test("a definition and an object of it in one text", async (t) => {
  const { server, client } = await ready(t);
  const self = "apiVersion: carrick.dev/v1\nkind: Cluster\nmetadata: {name: self}\nspec: {drain: true}\n";
  await apply(client, `${CLUSTERS}---\n${self}`);
  assert.deepEqual(server.objects.get({ apiVersion: "carrick.dev/v1", kind: "Cluster", name: "self" })?.["spec"], {
    drain: true,
  });
});

test("the status that the server has is kept", async (t) => {
  const { server, client } = await ready(t);
  const ingress = { apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata: { name: "a" } };
  const status = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } };
  server.objects.apply({ ...ingress, spec: { a: 1 }, status });
  await apply(client, JSON.stringify({ ...ingress, spec: { a: 2 } }));
  const stored = server.objects.get({ ...ingress, name: "a" });
  assert.deepEqual([stored?.["spec"], stored?.["status"]], [{ a: 2 }, status]);
});

test("somebody who writes in between is not overwritten unseen: it is tried again, but not for ever", async (t) => {
  const { server, client } = await ready(t);
  const yaml = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { x: "mine" } });
  await apply(client, yaml.replace("mine", "first"));
  let others = 3;
  const raced: ApplyClient = {
    ...client,
    async update(path, object) {
      if (others > 0)
        server.objects.apply({
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "a" },
          data: { x: String(others) },
        });
      others -= 1;
      return client.update(path, object);
    },
  };
  assert.equal((await apply(raced, yaml))[0]?.outcome, "replaced");
  assert.equal(others, -1);
  others = 100;
  await assert.rejects(
    apply(raced, yaml.replace("mine", "late")),
    /the YAML: document 1: .*the object has been modified/,
  );
  assert.equal(others, 94);
});

test("what is wrong is named with its document", async (t) => {
  const { client } = await ready(t);
  const fails = async (yaml: string, message: RegExp) =>
    assert.rejects(apply(client, yaml, { source: "x.yaml" }), { message });
  await fails("a: [", /^x\.yaml: document 1: is no YAML: /);
  await fails("a: 1\n---\nb: 1\nb: 2", /^x\.yaml: document 2: is no YAML: /);
  await fails("just text", /^x\.yaml: document 1: is no object/);
  await fails("apiVersion: v1\nmetadata: {name: a}", /^x\.yaml: document 1: kind: is missing/);
  await fails("apiVersion: v1\nkind: ConfigMap", /^x\.yaml: document 1: metadata\.name: is missing/);
  await fails("apiVersion: none/v1\nkind: None\nmetadata: {name: a}", /none\/v1 None is not served/);
  await fails(
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NO}",
    /^x\.yaml: document 1: ConfigMap "NO" is invalid/,
  );
  const bomb = `a: &a [x]\n${Array.from({ length: 30 }, (_, i) => `${"b".repeat(i + 1)}: &${"b".repeat(i + 1)} [${"*a, ".repeat(20)}]`).join("\n")}`;
  await fails(bomb, /alias/i);
});
