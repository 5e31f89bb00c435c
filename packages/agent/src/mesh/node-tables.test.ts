import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  Affinity,
  ClusterSchema,
  Condition,
  KnowledgeSchema,
  Protocol,
  ServiceSchema,
  SliceSchema,
} from "@carrick/proto/carrick/mesh/v1/mesh_pb.js";
import { MESH_TYPE } from "@carrick/core/translate/mesh";
import { NodeTables, type NodeUpdate } from "./node-tables.ts";

const IMAGE = "shop/cart:http/TCP/4";
const PORTS = [{ name: "http", port: 80, protocol: Protocol.TCP }];

function update(
  type: keyof typeof MESH_TYPE,
  bodies: Readonly<Record<string, Uint8Array>>,
  removed: readonly string[] = [],
): NodeUpdate {
  return {
    type: MESH_TYPE[type],
    resources: Object.entries(bodies).map(([name, body]) => ({ name, body })),
    removed,
  };
}

const serviceOf = (cluster: string, more: object = {}) => {
  const addresses = cluster === "london" ? [Uint8Array.of(10, 96, 0, 1)] : [];
  const sharing = { shared: true, affinity: Affinity.NONE };
  const message = create(ServiceSchema, { namespace: "shop", name: "cart", ports: PORTS, addresses, sharing, ...more });
  return update("service", { [`${cluster}/shop/cart`]: toBinary(ServiceSchema, message) });
};

const sliceOf = (cluster: string, ...last: readonly number[]) => {
  const endpoints = last.map((n) => ({
    address: Uint8Array.of(10, cluster === "london" ? 11 : 12, 1, n),
    condition: Condition.READY,
  }));
  const ports = [{ name: "http", port: 8080, protocol: Protocol.TCP }];
  const message = create(SliceSchema, { namespace: "shop", name: "cart-1", service: "cart", ports, endpoints });
  return update("slice", { [`${cluster}/shop/cart-1`]: toBinary(SliceSchema, message) });
};

const knowledge = (cluster: string, known: boolean) =>
  update("knowledge", { [cluster]: toBinary(KnowledgeSchema, create(KnowledgeSchema, { cluster, known })) });

function node(...updates: readonly NodeUpdate[]): NodeTables {
  const tables = new NodeTables("london", { allowLoopback: false });
  for (const one of updates) assert.equal(tables.take(one), undefined);
  return tables;
}

/** Endpoints of the image, and whether there may be more. */
const image = ({ images }: NodeTables) => {
  const row = images.get(IMAGE);
  return (
    row && [
      row.groups.flatMap(({ endpoints }) => endpoints.map(({ address, port }) => `${address}:${port}`)),
      row.partial,
    ]
  );
};

const BOTH = [serviceOf("london"), sliceOf("london", 1), serviceOf("paris"), sliceOf("paris", 2)] as const;

describe("a node", () => {
  test("merges what the clusters say", () => {
    const tables = node(...BOTH, knowledge("london", true), knowledge("paris", true));
    tables.inStep();
    assert.deepEqual(image(tables), [["10.11.1.1:8080", "10.12.1.2:8080"], false]);
    assert.deepEqual([...tables.frontends.entries()].map(([key]) => key).sort(), ["10.96.0.1 0/", "10.96.0.1 80/TCP"]);
    assert.equal(tables.complete, true);
  });

  test("believes that it knows a cluster once it is in step, and not when the controller says so", () => {
    const tables = node(...BOTH.slice(0, 2), knowledge("london", true), knowledge("paris", true));
    assert.deepEqual([image(tables)?.[1], tables.hasPromises, tables.complete], [true, true, false]);
    tables.take(BOTH[2]);
    tables.take(BOTH[3]);
    tables.inStep();
    assert.deepEqual([image(tables)?.[1], tables.hasPromises, tables.complete], [false, false, true]);
  });

  test("keeps what it knows when a controller that started again does not know it yet", () => {
    const tables = node(...BOTH, knowledge("london", true), knowledge("paris", true));
    tables.inStep();
    tables.take(knowledge("paris", false));
    tables.inStep();
    assert.deepEqual(image(tables), [["10.11.1.1:8080", "10.12.1.2:8080"], false]);
  });

  test("that starts while a cluster is not known has only a part of the image", () => {
    const tables = node(...BOTH.slice(0, 2), knowledge("london", true), knowledge("paris", false));
    tables.inStep();
    assert.deepEqual(image(tables), [["10.11.1.1:8080"], true]);
    assert.equal(tables.complete, false);
  });

  test("takes nothing of an update in which something is wrong, and names it", () => {
    const tables = node(...BOTH);
    const bad = toBinary(ClusterSchema, create(ClusterSchema, { name: "paris", weight: 0 }));
    const good = toBinary(ClusterSchema, create(ClusterSchema, { name: "london", weight: 3 }));
    assert.equal(
      tables.take(update("cluster", { london: good, paris: bad })),
      "paris: has weight 0, which is not 1 to 1000",
    );
    assert.match(
      tables.take({ type: "x", resources: [{ name: "a", body: bad }], removed: [] }) ?? "",
      /^a: is of type x/,
    );
    assert.equal(tables.clusters.get("london")?.weight, 1);
  });

  test("loses what is removed", () => {
    const tables = node(...BOTH);
    tables.take(update("slice", {}, ["paris/shop/cart-1"]));
    assert.deepEqual(image(tables)?.[0], ["10.11.1.1:8080"]);
    tables.take(update("service", {}, ["london/shop/cart"]));
    assert.equal(image(tables), undefined);
    assert.equal([...tables.frontends.entries()].length, 0);
  });

  test("an endpoint that changes costs one image", () => {
    const tables = node(...BOTH);
    const before = tables.store.recomputed;
    tables.take(sliceOf("paris", 3));
    assert.equal(tables.store.recomputed - before, 1);
  });
});
