/** Every kind of host on the real Envoy, below and above the number at which a route table is split. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ingress, tlsSecret } from "@carrick/lab";
import { readConfiguration } from "../../packages/lab/src/demo/edge/edge-configuration.ts";
import { exchange, keepConnections } from "../../packages/lab/src/load/index.ts";
import { type Bed, openBed } from "./bed.ts";
import type { BedCluster } from "./cluster.ts";

const PENDING = 20;

let bed: Bed;
let london: BedCluster;

before(async () => {
  bed = await openBed({ clusters: ["london", "paris"], https: true });
  london = bed.clusters["london"]!;
  const { certPem, keyPem } = await bed.authority.issue({ dnsNames: ["*.shop.example", "shop.example"] });
  london.apply(tlsSecret({ name: "shop", namespace: "shop", certPem, keyPem }));
  london.publish("web", "web.example");
  london.apply(
    ingress({
      name: "fallback",
      namespace: "shop",
      className: "carrick",
      defaultBackend: { service: "web", port: "http" },
    }),
  );
  await bed.until("it is served", async () => (await bed.get("web.example")).status === 200);
});
after(() => bed?.[Symbol.asyncDispose]());

/** Ingresses of ten hosts each. */
function addHosts(from: number, to: number, nameOf: (i: number) => string, tls = false): void {
  for (let i = from; i < to; i += 10) {
    const hosts = Array.from({ length: Math.min(10, to - i) }, (_, k) => nameOf(i + k));
    london.apply(
      ingress({
        name: `hosts-${hosts[0]!.replace("*", "any")}`,
        namespace: "shop",
        className: "carrick",
        hosts,
        paths: [{ service: "web", port: "http" }],
        ...(tls && { tls: [{ secretName: "shop" }] }),
      }),
    );
  }
}

async function served(host: string, secure = false): Promise<void> {
  await bed.until(
    `${host} is served`,
    async () => (await (secure ? bed.getSecure(host) : bed.get(host))).status === 200,
  );
}

async function statusOf(hosts: readonly string[], secure = false): Promise<Map<number, string[]>> {
  const connections = keepConnections(PENDING);
  const found = new Map<number, string[]>();
  const rest = [...hosts];
  const worker = async () => {
    for (let host = rest.pop(); host !== undefined; host = rest.pop()) {
      const target = secure ? bed.secureTarget(host) : bed.target(host);
      const { status } = await exchange(target, 2000, connections);
      found.set(status, [...(found.get(status) ?? []), host]);
    }
  };
  try {
    await Promise.all(Array.from({ length: PENDING }, worker));
  } finally {
    connections.close();
  }
  return found;
}

/** Hosts that were written together need not be served in the same moment. */
async function allServed(hosts: readonly string[], secure = false): Promise<void> {
  await bed.until(`all of ${hosts.length} hosts are served`, async () => {
    const found = await statusOf(hosts, secure);
    return found.size === 1 && found.has(200);
  });
}

const exact = (i: number) => `h${i}.many.example`;
const wild = (i: number) => `*.w${i}.many.example`;

async function tables(): Promise<number> {
  return [...readConfiguration(await bed.envoy.configDump()).keys()].filter((name) =>
    name.startsWith("dynamic_route_configs http"),
  ).length;
}

async function everyKind(hosts: number, wildcards: number): Promise<void> {
  await served(exact(hosts - 1));
  await served(`any.w${wildcards - 1}.many.example`);
  await allServed(Array.from({ length: hosts }, (_, i) => exact(i)));
  await allServed(Array.from({ length: wildcards }, (_, i) => `any.w${i}.many.example`));
  for (const host of [
    exact(7).toUpperCase(),
    "H7.Many.Example:8080",
    "ANY.W3.many.example",
    "any.w3.many.example:80",
    "unknown.example",
  ]) {
    assert.equal((await bed.get(host)).status, 200, host);
  }
}

test("a few hosts, ten wildcards and a default host share one table", async () => {
  addHosts(0, 30, exact);
  addHosts(0, 10, wild);
  await everyKind(30, 10);
  assert.equal(await tables(), 1);
});

test("1,000 hosts and 100 wildcards are spread over tables; nothing changes for a client", async () => {
  addHosts(30, 1000, exact);
  addHosts(10, 100, wild);
  await everyKind(1000, 100);
  await bed.until("they are spread over tables", async () => (await tables()) > 500);
});

test("more than one label is not for a wildcard: the default host takes it", async () => {
  london.remove("Ingress", "fallback");
  await bed.until("there is no default host any more", async () => (await bed.get("unknown.example")).status === 404);
  assert.equal((await bed.get("a.b.w3.many.example")).status, 404);
  assert.equal((await bed.get("any.w3.many.example")).status, 200);
});

test("10,000 hosts are served, in many tables, and the listener is the same after one more", async () => {
  addHosts(1000, 10_000, exact);
  await served(exact(9_999));
  await allServed(Array.from({ length: 10_000 }, (_, i) => exact(i)));
  const listener = async () => readConfiguration(await bed.envoy.configDump()).get("dynamic_listeners http");
  const before = await listener();
  london.publish("more", "one-more.example");
  await served("one-more.example");
  assert.equal(await listener(), before);
});

test("200 hosts of one certificate are spread over tables, redirected from http and told apart from foreign names", async () => {
  const secure = (i: number) => `s${i}.shop.example`;
  addHosts(0, 200, secure, true);
  await served(secure(199), true);
  await allServed(
    Array.from({ length: 200 }, (_, i) => secure(i)),
    true,
  );
  assert.equal((await bed.get(secure(3))).status, 301);
  assert.equal((await bed.getSecure(secure(3).toUpperCase())).status, 200);
  assert.equal((await bed.getSecure("unknown.shop.example")).status, 404);
});

test("back to a few hosts: one table again", async () => {
  for (const { metadata } of london.api.objects.list("networking.k8s.io/v1", "Ingress", "shop")) {
    if (metadata.name.startsWith("hosts-")) london.remove("Ingress", metadata.name);
  }
  await bed.settled();
  await bed.until("plain hosts share one table", async () => (await tables()) === 1);
  assert.equal((await bed.get("web.example")).status, 200);
});
