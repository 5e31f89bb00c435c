import assert from "node:assert/strict";
import { test } from "node:test";
import { readManifest } from "./manifest-file.ts";

const SERVICE = `apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { ports: [{ port: 80 }] }
`;

test("several documents, a List, other kinds, no namespace", () => {
  const { objects, problems } = readManifest(`${SERVICE}---
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart }
---
apiVersion: v1
kind: List
items:
  - { apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: { name: carrick } }
  - { apiVersion: v1, kind: Service, metadata: { name: web } }
---
# nothing
`);
  assert.deepEqual(
    objects.map(({ kind, key }) => `${kind} ${key}`),
    ["Service shop/cart", "IngressClass carrick", "Service default/web"],
  );
  assert.deepEqual(problems, []);
});

test("the same kind of another group is another kind", () => {
  const nothing = { objects: [], problems: [] };
  assert.deepEqual(readManifest("{ apiVersion: example.org/v1, kind: Service, metadata: { name: a } }"), nothing);
});

test("only the Cluster that is called self counts", () => {
  const named = (name: string) =>
    readManifest(`{ apiVersion: carrick.dev/v1, kind: Cluster, metadata: { name: ${name} } }`).objects;
  assert.equal(named("self").length, 1);
  assert.equal(named("other").length, 0);
});

test("the version of an object is a digest of its content alone", () => {
  const version = (text: string) => JSON.stringify(readManifest(text).objects[0]?.object["metadata"]);
  assert.equal(version(SERVICE), version(`# a comment\n${SERVICE}`));
  assert.notEqual(version(SERVICE), version(SERVICE.replace("80", "81")));
});

test("stringData is encoded as an API server would", () => {
  const { objects } = readManifest(
    "{ apiVersion: v1, kind: Secret, metadata: { name: a }, stringData: { tls.crt: x } }",
  );
  assert.deepEqual(objects[0]?.object["data"], { "tls.crt": "eA==" });
});

test("what is not YAML is said with its line; aliases do not explode", () => {
  assert.throws(() => readManifest(`${SERVICE}---\na: [\n`), /is not YAML: line \d+: /);
  const bomb = [
    "a: &a [x,x,x,x,x,x,x,x,x,x]",
    ..."bcdefghi".split("").map((name, i) => `${name}: &${name} [${`*${"abcdefgh"[i]},`.repeat(10)}]`),
  ];
  assert.throws(() => readManifest(bomb.join("\n")), /[Ee]xcessive alias count/);
});

test("what looks as if it were meant, but cannot be used, is said; the rest is read", () => {
  const { objects, problems } = readManifest(`${SERVICE}---
{ apiVersion: networking.k8s.io/v1beta1, kind: Ingress, metadata: { name: a } }
---
{ apiVersion: extensions/v1beta1, kind: Ingress, metadata: { name: a } }
---
{ apiVersion: v1, kind: Service, metadata: {} }
`);
  assert.equal(objects.length, 1);
  assert.deepEqual(problems, [
    "document 2: an Ingress of networking.k8s.io/v1beta1 is not read; write it as networking.k8s.io/v1",
    "document 3: an Ingress of extensions/v1beta1 is not read; write it as networking.k8s.io/v1",
    "document 4: a Service without `metadata.name` is not read; give it one",
  ]);
});

test("YAML that is no object is as wrong as no YAML", () => {
  assert.throws(() => readManifest("hello world"), /holds no object in document 1, but a text/);
  assert.throws(() => readManifest(`${SERVICE}---\n- a\n`), /holds no object in document 2, but a list/);
});
