import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ingress, secret, service, slice, TestWorld } from "../fixture.ts";
import type { KubeObject } from "../ingest/index.ts";
import { TYPE } from "./index.ts";

const CLUSTERS = ["london", "paris"];

/** `hosts` hosts under one certificate, each with a Service of its own, in both clusters. */
function populated(hosts: number): TestWorld {
  const world = new TestWorld(CLUSTERS, { httpsRedirect: false });
  const objects: (readonly [string, KubeObject])[] = [];
  for (const [c, cluster] of CLUSTERS.entries()) {
    objects.push([cluster, secret("shop/cert", ["*.shop.example"])]);
    // Another host of the set that the first cluster's Service makes alone.
    if (c === 0) objects.push([cluster, host("solo", "web-7")]);
    for (let i = 0; i < hosts; i++) {
      objects.push(
        [cluster, service(`shop/web-${i}`)],
        [
          cluster,
          slice(
            `shop/web-${i}`,
            [0, 1, 2].map((n) => `10.${c * 64 + (i >> 8)}.${i & 255}.${n + 1}`),
          ),
        ],
        [cluster, host(`host-${i}`, `web-${i}`)],
      );
    }
  }
  world.writeAll(objects);
  return world;
}

function host(name: string, backend: string): KubeObject {
  const domain = `${name}.shop.example`;
  return ingress(`shop/${name}`, { rules: { [domain]: [`/ ${backend}:http`] }, tls: { cert: [domain] } });
}

for (const hosts of [1000, 5000, 10_000]) {
  describe(`with ${hosts} hosts × ${CLUSTERS.length} clusters`, () => {
    const world = populated(hosts);

    const addHost = (cluster: string) => {
      let rows = 0;
      const changes = world.changes(() => {
        rows = world.cost(() => world.write(cluster, host("new", "web-7")));
      });
      // The Ingress, the host, its placements; its virtual hosts and their tables: plain and TLS.
      assert.equal(rows, 1 + 1 + 1 + 2 + 2);
      assert.deepEqual(
        [...changes.keys()].map((key) => key.split(" ")[0]),
        ["routeTable", "routeTable"],
      );
      return [...changes.values()].reduce((sum, size) => sum + size);
    };

    test("D14, D18: a host more (known Service, known certificate): its rows and two tables, the listeners stay", () => {
      assert.ok(addHost("london") <= 12_288);
    });

    test("the same host in the second cluster: the same", () => {
      assert.ok(addHost("paris") <= 12_288);
    });

    test("the fullest tables are no more than 12 KB together: so is any change of a host", () => {
      const fullest = new Map<string, number>();
      for (const name of world.names("routeTable")) {
        const size = world.edge.types.get(TYPE.routeTable)!.table.get(name)!.body.length;
        const chain = name.slice(0, name.indexOf("/"));
        fullest.set(chain, Math.max(fullest.get(chain) ?? 0, size));
      }
      const sizes = [...fullest.values()];
      assert.equal(sizes.length, 2);
      assert.ok(sizes[0]! + sizes[1]! <= 12_288, `${sizes.join(" + ")} bytes`);
    });

    test("an endpoint that goes: its set and its resource", () => {
      let rows = 0;
      const less = slice("shop/web-8", ["10.0.8.1", "10.0.8.2", "10.0.8.3 notReady"]);
      const changes = world.changes(() => {
        rows = world.cost(() => world.write("london", less));
      });
      assert.equal(rows, 2);
      const [[name, size], ...others] = [...changes] as [[string, number], ...unknown[]];
      assert.deepEqual([name, others], ["assignment shop/web-8:http@london+paris", []]);
      assert.ok(size <= 200 + 60 * 5, `${size} bytes for 5 endpoints`);
    });

    test("a renewed certificate: its secret; hosts that name it look at it and stay as they are", () => {
      let rows = 0;
      const changes = world.changes(() => {
        rows = world.cost(() => world.write("london", secret("shop/cert", ["*.shop.example"], "2")));
      });
      const [name = ""] = world.names("secret");
      assert.deepEqual([...changes.keys()], [`secret ${name}`]);
      // Every host that names it is computed. Those that paris names another certificate for say so from now on, and
      // their placements and virtual hosts are computed to find no difference. So are the chain's certificate and secret.
      assert.equal(rows, hosts + 2 + (hosts + 1) * 3 + 2);
    });

    test("a host with a certificate of its own: its chain, the TLS listener, and no other table", () => {
      let rows = 0;
      const changes = world.changes(() => {
        rows = world.cost(() =>
          world.write(
            "london",
            secret("shop/own", ["own.example"]),
            ingress("shop/own", { rules: { "own.example": ["/ web-7:http"] }, tls: { own: ["own.example"] } }),
          ),
        );
      });
      const types = [...changes.keys()].map((key) => key.split(" ")[0]);
      assert.deepEqual(types, ["listener", "routeTable", "routeTable", "secret"]);
      // The Ingress, the host, its placements; its certificate, chain, server name, secret; two virtual hosts, the plain
      // table, the listeners. Then, by the chain's plan: its slot, virtual host, table, scopes, and the listeners.
      assert.equal(rows, 3 + 4 + 4 + 5);
    });

    test("a source that is known no more: every table may be partial, so every table is computed", () => {
      const tables = world.names("routeTable").length;
      // Besides: the state of the cluster, what is known, and the listeners.
      assert.equal(
        world.cost(() => world.know("paris", "Ingress", false)),
        tables + 3,
      );
    });
  });
}
