import assert from "node:assert/strict";
import { test } from "node:test";
import { ENVIRONMENT, FLEET } from "../fixture.ts";
import { defineTables, objectKey, sourceKey } from "../model/index.ts";
import { Store } from "../store/index.ts";
import { defineEdges, TYPE } from "./index.ts";

test("several fleets over the same tables: each serves its classes", () => {
  const store = new Store();
  const tables = defineTables(store);
  const fleets = [FLEET, { ...FLEET, name: "internal", classes: ["internal"] }];
  const [outer, inner] = defineEdges(store, tables, fleets, { ...ENVIRONMENT, knownClasses: ["carrick", "internal"] });
  assert.ok(outer !== undefined && inner !== undefined);
  const meta = { cluster: "london", namespace: "shop", resourceVersion: "1" };
  store.commit(() => {
    for (const kind of ["Ingress", "IngressClass", "Service"] as const) {
      tables.sources.set(sourceKey("london", kind), { cluster: "london", kind, known: true });
    }
    tables.Ingress.set(objectKey("london", "shop", "a"), {
      ...meta,
      name: "a",
      className: "internal",
      classByAnnotation: false,
      created: 0,
      tls: [],
      rules: [
        { host: "a.example", paths: [{ type: "Prefix", path: "/", backend: { service: "a", port: 80 }, at: "x" }] },
      ],
    });
  });
  assert.deepEqual([outer.hosts.size, inner.hosts.size], [0, 1]);
  for (const edge of [outer, inner]) assert.equal(edge.types.get(TYPE.listener)?.table.get("http")?.partial, undefined);
});
