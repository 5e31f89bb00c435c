import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { ClusterSchema } from "@carrick/proto/carrick/mesh/v1/mesh_pb.js";
import { knowledge, serviceOf, sliceOf, update } from "./fixture.ts";
import { NodeTables, type NodeUpdate } from "./node-tables.ts";

const IMAGE = "shop/cart:http/TCP/4";

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

const BOTH = [
  serviceOf("london", { addresses: ["10.96.0.1"] }),
  sliceOf("london", ["10.11.1.1"]),
  serviceOf("paris"),
  sliceOf("paris", ["10.12.1.2"]),
] as const;

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
    tables.take(sliceOf("paris", ["10.12.1.3"]));
    assert.equal(tables.store.recomputed - before, 1);
  });
});
