import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { ServiceSchema, SliceSchema } from "@carrick/proto/carrick/mesh/v1/mesh_pb.js";
import { array, assert as assertProperty, constantFrom, property, record, uint8Array } from "fast-check";
import { annotated, cluster, ENVIRONMENT, RULES, service, slice } from "../../fixture.ts";
import { accept, ingest, type KubeObject } from "../../ingest/index.ts";
import { readClusterMessage, readServiceMessage, readSliceMessage, WrongMessage } from "../../ingest/mesh/index.ts";
import {
  defineTables,
  type Kind,
  KINDS,
  objectKey,
  type ObjectRow,
  sourceKey,
  type Tables,
} from "../../model/index.ts";
import { type Base, Store } from "../../store/index.ts";
import { clusterMessage, serviceMessage, sliceMessage } from "./messages.ts";
import { MESH_TYPE, type MeshResources, nodeResources, peerResources } from "./index.ts";

function vip(object: KubeObject, ...clusterIPs: readonly string[]): KubeObject {
  return { ...object, spec: { ...(object["spec"] as KubeObject), clusterIPs, sessionAffinity: "ClientIP" } };
}

const CART = vip(service("shop/cart", ["http:80"]), "10.96.0.1", "fd96:1::1");
const GLOBAL = annotated(CART, { global: "true", affinity: "local" });

describe("a message says what the row says", () => {
  test("of a cluster", () => {
    const row = ingest("Cluster", "paris", cluster({ drain: true, weight: 7 }), RULES);
    assert.deepEqual(readClusterMessage("paris", clusterMessage("paris", row)), { ...row, resourceVersion: "" });
  });

  test("of a Service, but for what only its own cluster needs", () => {
    const row = ingest("Service", "paris", GLOBAL, RULES);
    const read = readServiceMessage("paris/shop/cart", serviceMessage(row), RULES);
    assert.deepEqual(read, { ...row, resourceVersion: "" });
  });

  test("of a slice, its endpoints in the order of their addresses", () => {
    const row = ingest("EndpointSlice", "paris", slice("shop/cart", ["10.2.0.9", "10.2.0.1 draining"]), RULES);
    const read = readSliceMessage("paris/shop/cart-1", sliceMessage(row), RULES);
    assert.deepEqual(read, { ...row, resourceVersion: "", endpoints: row.endpoints.toReversed() });
    const other = ingest("EndpointSlice", "paris", slice("shop/cart", ["10.2.0.1 draining", "10.2.0.9"]), RULES);
    assert.deepEqual(sliceMessage({ ...other, endpoints: row.endpoints.toReversed() }), sliceMessage(row));
  });
});

describe("a message is refused", () => {
  const refuses = (read: () => unknown, says: RegExp) =>
    assert.throws(read, (error: unknown) => error instanceof WrongMessage && says.test(error.message));
  const sliceOf = (more: object) =>
    toBinary(SliceSchema, create(SliceSchema, { namespace: "shop", name: "cart-1", service: "cart", ...more }));
  const readSlice = (more: object) => () => readSliceMessage("paris/shop/cart-1", sliceOf(more), RULES);

  test("that is none, or speaks of something else than its name", () => {
    refuses(() => readSliceMessage("paris/shop/cart-1", Uint8Array.of(255, 255), RULES), /is no Slice: /);
    refuses(() => readSliceMessage("paris/shop/other", sliceOf({}), RULES), /speaks of "shop\/cart-1"/);
    refuses(
      () => readClusterMessage("paris", clusterMessage("london", { drain: false, weight: 1 })),
      /of cluster "london"/,
    );
    refuses(() => readClusterMessage("paris", clusterMessage("paris", { drain: false, weight: 0 })), /has weight 0/);
    const named = toBinary(ServiceSchema, create(ServiceSchema, { namespace: "shop", name: "a/b" }));
    refuses(() => readServiceMessage("paris/shop/a/b", named, RULES), /speaks of/);
  });

  test("whose addresses would lead to the machine itself, or are none", () => {
    refuses(
      readSlice({ endpoints: [{ address: Uint8Array.of(127, 0, 0, 1) }] }),
      /endpoint 0: 127\.0\.0\.1 is a loopback/,
    );
    refuses(readSlice({ endpoints: [{ address: Uint8Array.of(169, 254, 1, 1) }] }), /is a linkLocal address/);
    refuses(readSlice({ endpoints: [{ address: Uint8Array.of(1, 2) }] }), /has 2 bytes/);
    const twice = { address: Uint8Array.of(10, 0, 0, 1) };
    refuses(readSlice({ endpoints: [twice, twice] }), /has an address twice/);
  });

  test("that is out of bounds", () => {
    refuses(readSlice({ ports: [{ name: "http", port: 0, protocol: 1 }] }), /port 0: has number 0/);
    refuses(readSlice({ ports: [{ name: "http", port: 80, protocol: 9 }] }), /has protocol 9/);
    refuses(readSlice({ ports: [{ name: "A b", port: 80, protocol: 1 }] }), /has name "A b"/);
    refuses(readSlice({ endpoints: [{ address: Uint8Array.of(10, 0, 0, 1), condition: 9 }] }), /has condition 9/);
    refuses(
      readSlice({ endpoints: [{ address: Uint8Array.of(10, 0, 0, 1), zone: "z".repeat(300) }] }),
      /300 characters/,
    );
    const many = Array.from({ length: 1001 }, (_, i) => ({ address: Uint8Array.of(10, 0, i >> 8, i & 255) }));
    refuses(readSlice({ endpoints: many }), /has 1001 endpoints/);
  });

  test("or is read: nothing else happens, whatever the bytes", () => {
    const name = constantFrom("paris", "paris/shop/cart", "paris//", "", "/", "a/b/c/d");
    assertProperty(
      property(record({ name, body: uint8Array({ maxLength: 60 }) }), ({ name: resource, body }) => {
        for (const read of [readClusterMessage, readServiceMessage, readSliceMessage]) {
          try {
            read(resource, body, RULES);
          } catch (error) {
            assert.ok(error instanceof WrongMessage, String(error));
          }
        }
      }),
    );
  });
});

describe("resources", () => {
  /** A controller of `london` that has heard `paris` and `rome` too. */
  class Controller {
    readonly store = new Store();
    readonly tables: Tables = defineTables(this.store);
    readonly peers = peerResources(this.store, this.tables, "london", ENVIRONMENT);
    readonly nodes = nodeResources(this.store, this.tables, "london", ENVIRONMENT);

    constructor() {
      this.store.commit(() => {
        for (const name of ["london", "paris", "rome"]) {
          for (const kind of KINDS)
            this.tables.sources.set(sourceKey(name, kind), { cluster: name, kind, known: true });
        }
      });
    }

    write(name: string, ...objects: readonly KubeObject[]): this {
      this.store.commit(() => {
        for (const object of objects) {
          const kind = object["kind"] as Kind;
          const row: ObjectRow = ingest(kind, name, object, RULES);
          const table = this.tables[kind] as unknown as Base<ObjectRow>;
          const key = objectKey(name, row.namespace, row.name);
          table.set(key, accept(kind, table.get(key), row));
        }
      });
      assert.deepEqual(this.store.failures(), []);
      return this;
    }
  }

  const names = (resources: MeshResources, type: keyof typeof MESH_TYPE) =>
    [...resources.get(MESH_TYPE[type])!.entries()].map(([key]) => key).sort();

  test("peers are told of the cluster itself and of what it shares", () => {
    const own = vip(service("shop/own"), "10.96.0.2");
    const kept = annotated(vip(service("shop/kept"), "10.96.0.3"), { global: "true", shared: "false" });
    const { peers } = new Controller()
      .write("london", GLOBAL, own, kept, slice("shop/cart", ["10.1.0.1"]), slice("shop/own", ["10.1.0.2"]))
      .write("paris", GLOBAL, slice("shop/cart", ["10.2.0.1"]));
    assert.deepEqual(names(peers, "cluster"), ["london"]);
    assert.deepEqual(names(peers, "service"), ["london/shop/cart"]);
    assert.deepEqual(names(peers, "slice"), ["london/shop/cart-1"]);
  });

  test("nodes are told of the Services that they have an address for, and of what joins them", () => {
    const controller = new Controller()
      .write("london", CART, service("shop/headless"), slice("shop/cart", ["10.1.0.1"]))
      .write("paris", GLOBAL, slice("shop/cart", ["10.2.0.1"]));
    const { nodes } = controller;
    assert.deepEqual(names(nodes, "cluster"), ["london", "paris", "rome"]);
    assert.deepEqual(names(nodes, "service"), ["london/shop/cart"], "it is not global here");
    controller.write("london", GLOBAL);
    assert.deepEqual(names(nodes, "service"), ["london/shop/cart", "paris/shop/cart"]);
    assert.deepEqual(names(nodes, "slice"), ["london/shop/cart-1", "paris/shop/cart-1"]);
  });

  test("one endpoint that changes is one resource; a new resourceVersion is none", () => {
    const controller = new Controller().write("london", GLOBAL, slice("shop/cart", ["10.1.0.1"]));
    const version = () => controller.nodes.get(MESH_TYPE.slice)!.get("london/shop/cart-1")?.version;
    const [before, computed] = [version(), controller.store.recomputed];
    controller.write("london", slice("shop/cart", ["10.1.0.2"]));
    assert.notEqual(version(), before);
    assert.equal(controller.store.recomputed - computed, 2, "for peers and for nodes");
  });

  test("a cluster whose own object has not been read says nothing of itself", () => {
    const { store, tables, nodes } = new Controller();
    store.commit(() =>
      tables.sources.set(sourceKey("paris", "Cluster"), { cluster: "paris", kind: "Cluster", known: false }),
    );
    assert.deepEqual(names(nodes, "cluster"), ["london", "rome"]);
  });

  test("what nodes are told is read as it was written", () => {
    const zone = array(constantFrom("10.2.0.1", "10.2.0.2 draining", "10.2.0.3 notReady"), { maxLength: 3 });
    assertProperty(
      property(zone, (endpoints) => {
        const controller = new Controller()
          .write("london", GLOBAL)
          .write("paris", GLOBAL, slice("shop/cart", [...new Set(endpoints)]));
        const row = controller.nodes.get(MESH_TYPE.slice)!.get("paris/shop/cart-1")!;
        const written = controller.tables.EndpointSlice.get("paris/shop/cart-1")!;
        assert.deepEqual(new Set(readSliceMessage(row.name, row.body, RULES).endpoints), new Set(written.endpoints));
      }),
    );
  });
});
