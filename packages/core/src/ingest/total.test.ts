import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import * as fc from "fast-check";
import { cluster, ingress, ingressClass, RULES, secret, service, slice } from "../fixture.ts";
import { type Kind, KINDS, type ObjectRow, secretText } from "../model/index.ts";
import { ingest, type KubeObject } from "./index.ts";

const RUNS = 20_000;
/** Stands wherever a Secret has text. */
const HIDDEN = "do-not-show-this";

const GOOD: Readonly<Record<Kind, KubeObject>> = {
  Cluster: cluster({ drain: true, weight: 3 }),
  Namespace: { metadata: { name: "shop", labels: { team: "a" } } },
  Node: {
    metadata: { name: "n1", labels: { "topology.kubernetes.io/zone": "a" } },
    spec: { podCIDRs: ["10.1.0.0/24"] },
    status: {
      addresses: [{ type: "InternalIP", address: "192.0.2.1" }],
      conditions: [{ type: "Ready", status: "True" }],
    },
  },
  Pod: {
    metadata: { name: "web-1", namespace: "shop" },
    spec: { nodeName: "n1", serviceAccountName: "web" },
    status: { podIPs: [{ ip: "10.1.0.5" }], conditions: [{ type: "Ready", status: "True" }] },
  },
  Service: service("shop/web", ["http:80", "9000"]),
  EndpointSlice: slice("shop/web", ["10.0.0.1", "10.0.0.2 draining"]),
  IngressClass: ingressClass("carrick"),
  Ingress: ingress("shop/web", {
    rules: { "a.example": ["/ web:http", "=/x web:80"], "": ["/y web:80"] },
    tls: { cert: ["a.example"] },
    fallback: "web:80",
    annotation: "carrick",
  }),
  Secret: secret("shop/cert", ["a.example"], HIDDEN),
};

/** Anything that JSON can say, also what hardly anybody would: deep, long, with names of `Object`'s own. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom<unknown>("", HIDDEN, "x".repeat(5000), "\u001b[2J", "\u202egnp.exe", -1, 1e308, [], {}, null),
  fc.constant(JSON.parse(`${"[".repeat(20_000)}${"]".repeat(20_000)}`)),
  fc.constant(JSON.parse('{"__proto__": {"length": 5}, "constructor": 1, "toString": null}')),
  fc.constant(Array.from({ length: 3000 }, (_, i) => ({ host: `h${i}.example`, http: { paths: [{ path: "/" }] } }))),
);

/** A copy with `value` at the place that `steps` lead to. */
function withValue(object: unknown, steps: readonly number[], value: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof object !== "object" || object === null) return value;
  const keys = Object.keys(object);
  const key = keys[step % Math.max(keys.length, 1)];
  if (key === undefined) return value;
  const child = withValue((object as Record<string, unknown>)[key], rest, value);
  return Array.isArray(object)
    ? object.map((item, i) => (String(i) === key ? child : (item as unknown)))
    : { ...object, [key]: child };
}

function check(kind: Kind, object: unknown): void {
  const row: ObjectRow = ingest(kind, "london", object as KubeObject, RULES);
  assert.equal(row.cluster, "london");
  const problems = row.problems ?? [];
  assert.ok(problems.length <= 20);
  const text = JSON.stringify(row);
  assert.ok(text.length < 1_000_000, `a row of ${text.length} characters`);
  for (const { path, message } of problems) {
    assert.ok(path.length <= 200 && message.length <= 300, `${path}: ${message}`);
    assert.match(message, /\.$/);
    assert.doesNotMatch(`${path}${message}`, /\p{Cc}|\p{Cf}/u);
    if (kind === "Secret") assert.ok(!message.includes(HIDDEN), message);
  }
  if (row.problems !== undefined) assert.ok(problems.length > 0);
}

test("every object of every kind has a row, whatever it holds", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...KINDS),
      fc.array(fc.tuple(fc.array(fc.nat(10), { minLength: 1, maxLength: 6 }), anything), {
        minLength: 1,
        maxLength: 3,
      }),
      (kind, changes) => {
        let object: unknown = GOOD[kind];
        for (const [steps, value] of changes) object = withValue(object, steps, value);
        check(kind, object);
      },
    ),
    { numRuns: RUNS },
  );
});

test("what is no object at all has a row, too", () => {
  for (const kind of KINDS) {
    assert.equal(ingest(kind, "london", GOOD[kind], RULES).problems, undefined, kind);
    for (const object of [{}, [], { metadata: 5, spec: "x", data: [], status: true, endpoints: {} }])
      check(kind, object);
  }
});

test("secret text cannot be printed", () => {
  const text = secretText(HIDDEN);
  assert.equal(text.reveal(), HIDDEN);
  assert.equal(`${inspect({ text })} ${JSON.stringify({ text })}`, '{ text: [redacted] } {"text":"[redacted]"}');
});
