import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assert as assertProperty, property, shuffledSubarray } from "fast-check";
import { annotated, cluster, RULES, service, slice } from "../../fixture.ts";
import { accept, ingest, type KubeObject } from "../../ingest/index.ts";
import {
  defineTables,
  type Kind,
  KINDS,
  objectKey,
  type ObjectRow,
  serviceByAddress,
  sourceKey,
  type Tables,
} from "../../model/index.ts";
import { type Base, Store } from "../../store/index.ts";
import { clusterStates } from "../cluster-states.ts";
import { frontends, images } from "./index.ts";

/** A Service with addresses. */
function vip(object: KubeObject, ...clusterIPs: readonly string[]): KubeObject {
  return { ...object, spec: { ...(object["spec"] as KubeObject), clusterIPs } };
}

/** What a node of `london` derives. */
class Node {
  readonly store = new Store();
  readonly tables: Tables = defineTables(this.store, [serviceByAddress]);
  readonly frontends = frontends(this.store, this.tables, "london");
  readonly images = images(this.store, this.tables, clusterStates(this.store, this.tables, "mesh"), "london");

  constructor(...known: readonly string[]) {
    for (const name of known) this.know(name, true);
  }

  know(name: string, known: boolean): void {
    this.store.commit(() => {
      for (const kind of KINDS) this.tables.sources.set(sourceKey(name, kind), { cluster: name, kind, known });
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

  /** Frontends as `address port/protocol image`. */
  dialled(): string[] {
    return [...this.frontends.entries()].map(([key, { image }]) => `${key} ${image ?? "refused"}`).sort();
  }

  /** The groups of an image as `cluster priority × weight: addresses`. */
  image(key: string): string[] | undefined {
    return this.images.get(key)?.groups.map(({ cluster: name, priority, weight, endpoints }) => {
      const addresses = endpoints.map(({ address, port }) =>
        address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`,
      );
      return `${name} ${priority} × ${weight}: ${addresses.join(" ")}`;
    });
  }
}

const CART = vip(service("shop/cart", ["http:80"]), "10.96.0.1", "fd96:1::1");
const GLOBAL = annotated(CART, { global: "true" });

describe("frontends", () => {
  test("each address of a Service with each of its ports, and a refusal for the rest", () => {
    const node = new Node("london").write("london", CART, service("shop/headless"));
    assert.deepEqual(node.dialled(), [
      "10.96.0.1 0/ refused",
      "10.96.0.1 80/TCP shop/cart:http/TCP/4",
      "fd96:1::1 0/ refused",
      "fd96:1::1 80/TCP shop/cart:http/TCP/6",
    ]);
  });

  test("addresses of another cluster are none here", () => {
    assert.deepEqual(new Node("london", "paris").write("paris", GLOBAL).dialled(), []);
  });

  test("of two Services with one address the first by name has it, until it lets go", () => {
    const other = vip(service("shop/also", ["http:81"]), "10.96.0.1");
    const node = new Node("london").write("london", CART, other);
    assert.deepEqual(node.dialled().slice(0, 2), ["10.96.0.1 0/ refused", "10.96.0.1 81/TCP shop/also:http/TCP/4"]);
    node.write("london", vip(service("shop/also", ["http:81"]), "10.96.0.2"));
    assert.ok(node.dialled().includes("10.96.0.1 80/TCP shop/cart:http/TCP/4"));
  });
});

describe("images", () => {
  const KEY = "shop/cart:http/TCP/4";

  test("the ready endpoints of the family, of the own cluster alone unless the Service is global", () => {
    const node = new Node("london", "paris");
    node.write(
      "london",
      CART,
      slice("shop/cart", ["10.11.1.1", "10.11.1.2 notReady"]),
      slice("shop/cart", ["fd10::1"], "6"),
    );
    node.write("paris", GLOBAL, slice("shop/cart", ["10.12.1.1"]));
    assert.deepEqual(node.image(KEY), ["london 0 × 1: 10.11.1.1:8080"]);
    assert.deepEqual(node.image("shop/cart:http/TCP/6"), ["london 0 × 1: [fd10::1]:8080"]);
    node.write("london", GLOBAL);
    assert.deepEqual(node.image(KEY), ["london 0 × 1: 10.11.1.1:8080", "paris 0 × 1: 10.12.1.1:8080"]);
  });

  test("endpoints that terminate keep what they have, unless nothing else is there", () => {
    const node = new Node("london", "paris");
    node.write("london", GLOBAL, slice("shop/cart", ["10.11.1.2 draining", "10.11.1.1"]));
    node.write("paris", GLOBAL, slice("shop/cart", ["10.12.1.1 draining"]));
    assert.deepEqual(node.image(KEY), ["london 0 × 1: 10.11.1.1:8080"]);
    assert.deepEqual(node.images.get(KEY)?.draining, [
      { cluster: "london", address: "10.11.1.2", port: 8080 },
      { cluster: "paris", address: "10.12.1.1", port: 8080 },
    ]);
    node.write("london", slice("shop/cart", []));
    assert.deepEqual(node.image(KEY), ["paris 0 × 1: 10.12.1.1:8080"]);
    assert.deepEqual(node.images.get(KEY)?.draining, []);
  });

  test("a preference orders the clusters, a weight is of each endpoint", () => {
    const node = new Node("london", "paris");
    node.write("london", annotated(CART, { global: "true", affinity: "local" }), slice("shop/cart", ["10.11.1.1"]));
    node.write("paris", GLOBAL, slice("shop/cart", ["10.12.1.1"]), cluster({ weight: 3 }));
    assert.deepEqual(node.image(KEY), ["london 0 × 1: 10.11.1.1:8080", "paris 1 × 3: 10.12.1.1:8080"]);
  });

  test("a drain changes no image", () => {
    const node = new Node("london", "paris");
    node.write("london", GLOBAL, slice("shop/cart", ["10.11.1.1"]));
    node.write("paris", GLOBAL, slice("shop/cart", ["10.12.1.1"]));
    const before = node.images.get(KEY);
    node.write("paris", cluster({ drain: true }));
    assert.equal(node.images.get(KEY), before);
  });

  test("no endpoint is an empty image, and one endpoint that changes costs one image", () => {
    const node = new Node("london").write("london", CART);
    assert.deepEqual(node.image(KEY), []);
    const before = node.store.recomputed;
    node.write("london", slice("shop/cart", ["10.11.1.1"]));
    assert.equal(node.store.recomputed - before, 1);
  });

  test("unknown is not empty: while a cluster has not been heard, the image is partial", () => {
    const node = new Node("london");
    node.know("paris", false);
    node.write("london", CART, slice("shop/cart", ["10.11.1.1"]));
    assert.equal(node.images.get(KEY)?.partial, false, "of its own cluster everything is known");
    node.write("london", GLOBAL);
    assert.equal(node.images.get(KEY)?.partial, true);
    node.know("paris", true);
    assert.equal(node.images.get(KEY)?.partial, false);
  });

  test("it is the same in whatever order things are told", () => {
    const objects: readonly (readonly [string, KubeObject])[] = [
      ["london", GLOBAL],
      ["london", slice("shop/cart", ["10.11.1.1", "10.11.1.2"])],
      ["london", slice("shop/cart", ["10.11.1.2", "10.11.1.3 draining"], "2")],
      ["paris", annotated(CART, { global: "true", affinity: "remote" })],
      ["paris", slice("shop/cart", ["10.12.1.1"])],
      ["paris", cluster({ weight: 2 })],
      ["rome", annotated(CART, { global: "true", shared: "false" })],
      ["rome", slice("shop/cart", ["10.13.1.1"])],
    ];
    const all = (order: readonly (readonly [string, KubeObject])[]) => {
      const node = new Node("london", "paris", "rome");
      for (const [name, object] of order) node.write(name, object);
      return [...node.images.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    };
    const expected = all(objects);
    assert.deepEqual(
      expected[0]?.[1].groups.map(({ cluster: name }) => name),
      ["london", "paris"],
    );
    assertProperty(
      property(shuffledSubarray([...objects], { minLength: objects.length }), (order) => {
        assert.deepEqual(all(order), expected);
      }),
    );
  });
});
