/** Defects of an earlier control plane for the same job, each as the number that it is known by: none of them here. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { ingress, tlsSecret } from "@carrick/lab";
import { readConfiguration } from "../../packages/lab/src/demo/edge/edge-configuration.ts";
import { exchange, keepConnections, sendMany, startLoad, tally } from "../../packages/lab/src/load/index.ts";
import { type Bed, openBed } from "./bed.ts";
import type { BedCluster } from "./cluster.ts";

let bed: Bed;
let london: BedCluster;
let paris: BedCluster;

before(async () => {
  bed = await openBed({ clusters: ["london", "paris"], https: true, cache: true });
  london = bed.clusters["london"]!;
  paris = bed.clusters["paris"]!;
  london.publish("web", "web.example");
  await serves("web.example");
});
after(() => bed?.[Symbol.asyncDispose]());

async function serves(host: string, path = "/", on: Bed = bed): Promise<void> {
  await on.until(`http://${host}${path} is served`, async () => (await on.get(host, path)).status === 200);
}

const sent = (labels: Readonly<Record<string, string>> = {}, on: Bed = bed) =>
  on.replica.metric("carrick_xds_resources_sent_total", labels);

async function problem(pattern: RegExp): Promise<void> {
  let found = "";
  await bed.until(`a problem like ${pattern} in the status`, async () => {
    const { problems } = await bed.replica.status();
    found = problems
      .map(({ object, problem: { path, message } }) => `${object.cluster} ${object.name} ${path} ${message}`)
      .join("\n");
    return pattern.test(found);
  });
}

test("D1: a cluster that cannot be reached at the start does not stop the others", async () => {
  const lonely = { name: "rome", kubernetes: { kubeconfig: "rome.kubeconfig" } };
  await using other = await openBed({ clusters: ["london"], moreClusters: [lonely] });
  other.clusters["london"]!.publish("web", "web.example");
  await serves("web.example", "/", other);
  const { status, text } = await other.replica.readyz();
  assert.equal(status, 200);
  assert.match(text, /not seen yet: rome\/Ingress: .*rome\.kubeconfig: no such file/);
  const rome = (await other.replica.status()).clusters.find(({ name }) => name === "rome");
  assert.equal(rome?.state, "unknown");
});

test("D2: a cluster that hangs or refuses does not stop the others, and a signal ends the process", async () => {
  await using other = await openBed({ clusters: ["london", "paris"] });
  other.clusters["paris"]!.api.faults.add({ effect: { kind: "hang" } });
  other.clusters["paris"]!.api.breakConnections("reset");
  other.clusters["london"]!.publish("web", "web.example");
  await serves("web.example", "/", other);
  const stopped = await other.replica.process.now.stop();
  assert.equal(other.replica.process.now.alive(), false);
  assert.deepEqual(stopped, { code: 0, signal: null });
});

test("D3: a token that is rotated, with a newline behind it, is read again", async () => {
  paris.api.tokens.replace(["rotated-token"]);
  writeFileSync(paris.tokenFile, "rotated-token\n");
  paris.api.breakConnections("reset");
  paris.publish("rotated", "rotated.example");
  await serves("rotated.example");
});

test("D4: what Envoy refuses is not sent again and again, and is named", async () => {
  // No interface of this machine has the address: Envoy refuses the listener.
  await using other = await openBed({ clusters: ["london"], listenOn: "192.0.2.1" });
  const cluster = other.clusters["london"]!;
  cluster.publish("web", "web.example");
  await other.until("the refusal shows in the status", async () => {
    const envoys = (await other.replica.status()).fleets.flatMap((fleet) => fleet.envoys);
    return envoys.some(({ refused }) =>
      refused.some(({ type, message }) => type === "LDS" && /192\.0\.2\.1/.test(message)),
    );
  });
  const listeners = await sent({ type: "LDS" }, other);
  for (let i = 0; i < 20; i++) cluster.publish(`more-${i}`, `more-${i}.example`);
  await other.until("what came later was sent", async () => (await sent({ type: "CDS" }, other)) >= 21);
  assert.equal(await sent({ type: "LDS" }, other), listeners);
  assert.ok(listeners <= 3, `${listeners} listeners were sent`);
});

test("D5: one bad object poisons nobody: each is named, everything else keeps updating", async () => {
  const rule = (host: string, path = "/", name = "web") => ({
    host,
    http: { paths: [{ path, pathType: "Prefix", backend: { service: { name, port: { number: 80 } } } }] },
  });
  const bad: readonly (readonly [name: string, rules: object[], message: RegExp])[] = [
    ["long-host", [rule(`${"a".repeat(300)}.example`)], /london long-host spec\.rules\[0\]\.host/],
    ["no-path", [rule("no-path.example", "no path")], /london no-path spec\.rules\[0\]\.http\.paths\[0\]\.path/],
    [
      "no-service",
      [rule("no-service.example", "/", "absent")],
      /london no-service .*names Service shop\/absent, which does not exist/,
    ],
  ];
  for (const [name, rules, message] of bad) {
    london.apply({
      ...ingress({ name, namespace: "shop", className: "carrick" }),
      spec: { ingressClassName: "carrick", rules },
    });
    await problem(message);
    london.publish(`beside-${name}`, `beside-${name}.example`);
    await serves(`beside-${name}.example`);
  }
  for (const [name] of bad) london.remove("Ingress", name);
  // A rule without a host beside one with a host is right, and took the edge down elsewhere.
  const mixed = [{ http: rule("").http }, rule("mixed.example")];
  london.apply({
    ...ingress({ name: "mixed", namespace: "shop", className: "carrick" }),
    spec: { ingressClassName: "carrick", rules: mixed },
  });
  await serves("mixed.example");
  await serves("whatever.example");
  london.remove("Ingress", "mixed");
});

test("D6: a key that does not fit is refused, and the last good certificate stays", async () => {
  const good = await bed.authority.issue({ dnsNames: ["secure.example"] });
  const other = await bed.authority.issue({ dnsNames: ["secure.example"] });
  london.apply(tlsSecret({ name: "secure", namespace: "shop", certPem: good.certPem, keyPem: good.keyPem }));
  london.publish("secure", "secure.example", { tls: [{ secretName: "secure", hosts: ["secure.example"] }] });
  await bed.until("it is served over TLS", async () => (await bed.getSecure("secure.example")).status === 200);
  const secrets = await sent({ type: "SDS" });
  london.apply(tlsSecret({ name: "secure", namespace: "shop", certPem: good.certPem, keyPem: other.keyPem }));
  await problem(/london secure .*tls\.key does not belong to the certificate/);
  assert.equal((await bed.getSecure("secure.example")).status, 200);
  assert.equal(await sent({ type: "SDS" }), secrets);
  london.apply(tlsSecret({ name: "secure", namespace: "shop", certPem: "garbage", keyPem: "garbage" }));
  await problem(/london secure .*holds no certificate/);
  assert.equal((await bed.getSecure("secure.example")).status, 200);
});

test("D7: two Ingresses for one host in one cluster do not give the cluster two shares", async () => {
  for (const cluster of [london, paris]) {
    cluster.publish("split", "split.example");
    cluster.apply(
      ingress({
        name: "split-more",
        namespace: "shop",
        className: "carrick",
        hosts: ["split.example"],
        paths: [{ path: "/more", service: "split", port: "http" }],
      }),
    );
  }
  await bed.until("both clusters serve both paths", async () => {
    const { endpoints } = await bed.replica.explain("http://split.example/more");
    return endpoints.length === 2;
  });
  await serves("split.example", "/more");
  const { clusters, failed } = tally(
    await sendMany([bed.target("split.example"), bed.target("split.example", "/more")], 400),
  );
  assert.equal(failed, 0);
  assert.ok(Math.abs((clusters.get("london") ?? 0) - 200) <= 20, `london answered ${clusters.get("london")} of 400`);
});

test("D9: an API server that answers with errors or nonsense empties nothing", async () => {
  const before = readConfiguration(await bed.envoy.configDump());
  const faults = [
    paris.api.faults.add({ effect: { kind: "status", code: 500 } }),
    paris.api.faults.add({ effect: { kind: "malformedLine", afterLines: 0 }, watch: true }),
  ];
  paris.api.compact();
  paris.api.breakConnections("reset");
  await bed.until("the controller sees errors", async () => {
    const { clusters } = await bed.replica.status();
    return clusters.some(({ name, kinds }) => name === "paris" && kinds.some(({ error }) => error !== undefined));
  });
  london.publish("meanwhile", "meanwhile.example");
  await serves("meanwhile.example");
  const now = readConfiguration(await bed.envoy.configDump());
  for (const name of before.keys()) assert.ok(now.has(name), `${name} was removed`);
  for (const fault of faults) fault.remove();
  await bed.until("paris is watched again", async () =>
    (await bed.replica.status()).clusters.some(({ name, state }) => name === "paris" && state === "fresh"),
  );
});

test("D12: without a usable certificate there is no TLS listener, rather than one without chains", async () => {
  await using other = await openBed({ clusters: ["london"], https: true });
  const cluster = other.clusters["london"]!;
  cluster.publish("web", "web.example", { tls: [{ secretName: "absent", hosts: ["web.example"] }] });
  await serves("web.example", "/", other);
  const names = [...readConfiguration(await other.envoy.configDump()).keys()].filter((name) =>
    name.startsWith("dynamic_listeners"),
  );
  assert.deepEqual(names, ["dynamic_listeners http"]);
  assert.equal(await other.replica.metric("carrick_xds_nacks_total"), 0);
  const pair = await other.authority.issue({ dnsNames: ["web.example"] });
  cluster.apply(tlsSecret({ name: "absent", namespace: "shop", certPem: pair.certPem, keyPem: pair.keyPem }));
  await other.until(
    "it is served over TLS once the Secret exists",
    async () => (await other.getSecure("web.example")).status === 200,
  );
});

test("D13, D14: a route change changes no listener, and a connection lives through it", async () => {
  const listener = async () => readConfiguration(await bed.envoy.configDump()).get("dynamic_listeners http");
  const before = await listener();
  const connections = keepConnections(1);
  try {
    const first = await exchange(bed.target("web.example"), 1000, connections);
    assert.equal(first.status, 200);
    const accepted = (await bed.envoy.stats(/^http\.http\.downstream_cx_total$/)).get("http.http.downstream_cx_total");
    london.publish("fresh", "fresh.example");
    await bed.until(
      "the new host is served on the old connection",
      async () => (await exchange(bed.target("fresh.example"), 1000, connections)).status === 200,
    );
    const now = (await bed.envoy.stats(/^http\.http\.downstream_cx_total$/)).get("http.http.downstream_cx_total");
    assert.equal(now, accepted);
  } finally {
    connections.close();
  }
  assert.equal(await listener(), before);
  assert.equal(await bed.replica.metric("carrick_xds_nacks_total"), 0);
});

test("D15, D16: a restart serves the same bytes: Envoy is sent nothing that it holds", async () => {
  const before = readConfiguration(await bed.envoy.configDump());
  await bed.replica.process.kill();
  await bed.replica.process.again();
  await bed.until("Envoy is connected again", async () =>
    (await bed.replica.status()).fleets.some(({ envoys }) => envoys.length === 1 && envoys[0]!.pending === 0),
  );
  london.publish("after", "after.example");
  await serves("after.example");
  const now = readConfiguration(await bed.envoy.configDump());
  for (const [name, version] of before) {
    // The table of plain hosts has one host more by now.
    if (name !== "dynamic_route_configs http") assert.equal(now.get(name), version, name);
  }
  assert.equal(await sent({ type: "CDS" }), 1);
  assert.equal(await sent({ type: "LDS" }), 0);
  assert.equal(await sent({ type: "SDS" }), 0);
});

test("D17: an object that is written again without a change is no change", async () => {
  const before = await sent();
  const computed = await bed.replica.metric("carrick_rows_recomputed_total");
  for (let i = 0; i < 5; i++) {
    const stored = london.api.objects.get({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      name: "web",
      namespace: "shop",
    })!;
    london.apply({ ...stored, metadata: { ...stored.metadata, annotations: { touched: String(i) } } });
  }
  const seen = london.api.objects.version;
  await bed.until("the last write was read", async () => {
    const { steps } = await bed.replica.explain("http://web.example/");
    const cited = steps.flatMap(({ because }) => because).find(({ kind }) => kind === "Ingress");
    return Number(cited?.resourceVersion) >= seen;
  });
  assert.equal(await sent(), before);
  assert.equal(await bed.replica.metric("carrick_rows_recomputed_total"), computed);
});

test("D18: a change is sent alone, whatever else there is", async () => {
  for (let i = 0; i < 300; i++) {
    london.apply(
      ingress({
        name: `many-${i}`,
        namespace: "shop",
        className: "carrick",
        hosts: [`many-${i}.example`],
        paths: [{ service: "web", port: "http" }],
      }),
    );
  }
  await serves("many-299.example");
  await bed.settled();
  await bed.until("Envoy has taken it", async () =>
    (await bed.replica.status()).fleets.every(({ envoys }) => envoys.every(({ pending }) => pending === 0)),
  );
  const before = await bed.replica.metric("carrick_xds_bytes_sent_total");
  london.apply(
    ingress({
      name: "one-more",
      namespace: "shop",
      className: "carrick",
      hosts: ["one-more.example"],
      paths: [{ service: "web", port: "http" }],
    }),
  );
  await serves("one-more.example");
  const bytes = (await bed.replica.metric("carrick_xds_bytes_sent_total")) - before;
  assert.ok(bytes > 0 && bytes <= 12_000, `${bytes} bytes`);
});

test("D19: objects of another class cost nothing downstream", async () => {
  const before = await sent();
  const { fleets } = await bed.replica.status();
  london.apply(
    ingress({
      name: "foreign",
      namespace: "shop",
      className: "nginx",
      hosts: ["foreign.example"],
      paths: [{ service: "web" }],
    }),
  );
  london.publish("marker", "marker.example");
  await serves("marker.example");
  assert.equal((await bed.get("foreign.example")).status, 404);
  assert.equal((await bed.replica.status()).fleets[0]!.hosts, fleets[0]!.hosts + 1);
  // One cluster, its endpoints, one route table: the marker's.
  assert.equal((await sent()) - before, 3);
});

test("D20: a certificate comes from the Ingress' own cluster, whatever another one calls the same", async () => {
  const names = { london: "l.example", paris: "p.example" } as const;
  for (const cluster of [london, paris]) {
    const host = names[cluster.name as keyof typeof names];
    const { certPem, keyPem } = await bed.authority.issue({ dnsNames: [host], commonName: cluster.name });
    cluster.apply(tlsSecret({ name: "same-name", namespace: "shop", certPem, keyPem }));
    cluster.publish("same", host, { tls: [{ secretName: "same-name", hosts: [host] }] });
  }
  for (const host of Object.values(names)) {
    await bed.until(
      `${host} is served with its own certificate`,
      async () => (await bed.getSecure(host)).status === 200,
    );
  }
});

test("D26: a wildcard host takes one label", async () => {
  london.publish("wild", "*.wild.example");
  await serves("one.wild.example");
  await serves("ONE.Wild.Example:8080");
  assert.equal((await bed.get("two.one.wild.example")).status, 404);
  assert.equal((await bed.get("wild.example")).status, 404);
});

test("D29: a host that is deleted ends with 404, never with an error on the way", async () => {
  paris.publish("leaving", "leaving.example");
  await serves("leaving.example");
  const load = startLoad({ targets: [bed.target("leaving.example"), bed.target("web.example")], rate: 200 });
  await load.more(40);
  paris.remove("Ingress", "leaving");
  paris.remove("EndpointSlice", "leaving-1");
  paris.remove("Service", "leaving");
  await bed.until("it is gone", async () => (await bed.get("leaving.example")).status === 404);
  await load.more(40);
  const statuses = new Map<string, number>();
  for (const { target, status, error } of await load.stop()) {
    const key = `${target} ${error ?? status}`;
    statuses.set(key, (statuses.get(key) ?? 0) + 1);
  }
  assert.deepEqual([...statuses.keys()].sort(), ["leaving.example/ 200", "leaving.example/ 404", "web.example/ 200"]);
});

test("D33: replicas are equal, say when they are ready, and one may go at any time", async () => {
  await using other = await openBed({ clusters: ["london"], replicas: 2 });
  other.clusters["london"]!.publish("web", "web.example");
  await serves("web.example", "/", other);
  const holder = async () => {
    const envoys = await Promise.all(
      other.replicas.map(async (replica) =>
        replica.process.now.alive() ? (await replica.status()).fleets[0]!.envoys.length : 0,
      ),
    );
    return other.replicas[envoys.indexOf(1)];
  };
  await other.until("Envoy is connected", async () => (await holder()) !== undefined);
  const first = (await holder())!;
  for (const replica of other.replicas) assert.deepEqual(await replica.readyz(), { status: 200, text: "ok\n" });
  const load = startLoad({ targets: [other.target("web.example")], rate: 200 });
  await load.more(20);
  await first.process.kill();
  other.clusters["london"]!.publish("later", "later.example");
  await serves("later.example", "/", other);
  const second = await holder();
  assert.ok(second !== undefined && second !== first);
  // The table that has one host more, its cluster and its endpoints; nothing that Envoy held.
  assert.equal(await second.metric("carrick_xds_resources_sent_total"), 3);
  assert.equal(tally(await load.stop()).failed, 0);
});
