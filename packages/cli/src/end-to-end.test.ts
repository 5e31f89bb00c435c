/** The command against a real controller process, a cluster in a folder, one on an API server, and a real Envoy. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ExplainReport, StatusReport } from "@carrick/core/report";
import { type ApiServer, startApiServer } from "@carrick/lab";
import { stringify } from "yaml";
import { startEnvoy } from "../../lab/src/envoy/index.ts";
import { freePort, type Program, startProgram } from "../../lab/src/process/index.ts";
import { type Authority, controllerName, createAuthority, edgeName } from "../../lab/src/trust/index.ts";
import { EXIT } from "./exit-code.ts";
import { captured, pemFiles, temporaryFolder } from "./fixture.ts";

const MAIN = fileURLToPath(new URL("../../controller/src/main.ts", import.meta.url));
const HOST = "127.0.0.1";

let folder: ReturnType<typeof temporaryFolder>;
let authority: Authority;
let paris: ApiServer;
let controller: Program<true>;
let xds: number;
let api: string;
let kubeconfig: string;

before(async () => {
  folder = temporaryFolder();
  authority = await createAuthority("mesh");
  paris = await startApiServer({ name: "paris", tokens: ["let-me-in"] });
  kubeconfig = join(folder.path, "kubeconfig");
  writeFileSync(kubeconfig, paris.kubeconfig());
  assert.equal((await captured(["crds", "--apply", "--kubeconfig", kubeconfig])).code, EXIT.done);
  for (const object of objects("127.0.0.12")) paris.objects.apply(object);
  const london = join(folder.path, "london");
  mkdirSync(london);
  writeFileSync(
    join(london, "objects.yaml"),
    objects("127.0.0.11")
      .map((object) => stringify(object))
      .join("---\n"),
  );

  xds = await freePort([HOST]);
  const apiPort = await freePort([HOST]);
  api = `http://${HOST}:${apiPort}`;
  controller = await start("controller", { address: HOST, port: apiPort }, xds);
});

after(async () => {
  await controller?.kill();
  await paris?.close();
  folder?.[Symbol.dispose]();
});

async function start(name: string, listenApi: object, xdsPort: number): Promise<Program<true>> {
  const config = join(folder.path, `${name}.yaml`);
  const names = { uris: [controllerName("carrick.local", "london")], dnsNames: ["localhost"] };
  const { certificate, key, authority: ca } = await pemFiles(folder.path, authority, names, name);
  const listener = await freePort([HOST]);
  writeFileSync(
    config,
    stringify({
      replica: name,
      listen: { xds: { address: HOST, port: xdsPort }, api: listenApi },
      tls: { certificate, key, authority: ca },
      clusters: [
        { name: "london", files: "london" },
        { name: "paris", kubernetes: { kubeconfig: "kubeconfig", context: "paris" } },
      ],
      edges: [{ name: "public", classes: ["carrick"], http: { address: HOST, port: listener } }],
      endpoints: { allowLoopback: true },
    }),
  );
  return await startProgram({
    name,
    command: process.execPath,
    args: ["--conditions=source", MAIN, "--config", config],
    logFolder: join(folder.path, "logs"),
    ready: (line) => (line.includes("started") ? true : undefined),
  });
}

/** A host with one endpoint, and an Ingress whose host is too long. */
function objects(address: string): object[] {
  const named = (name: string) => ({ namespace: "shop", name });
  const ingress = (name: string, host: string) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: named(name),
    spec: {
      ingressClassName: "carrick",
      rules: [
        {
          host,
          http: {
            paths: [
              { path: "/cart", pathType: "Prefix", backend: { service: { name: "cart", port: { name: "http" } } } },
            ],
          },
        },
      ],
    },
  });
  return [
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: "carrick" },
      spec: { controller: "carrick.dev/edge" },
    },
    ingress("web", "shop.example"),
    ingress("broken", `${"x".repeat(300)}.example`),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: named("cart"),
      spec: { type: "ClusterIP", clusterIP: "10.96.0.1", ports: [{ name: "http", port: 80, protocol: "TCP" }] },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...named("cart-1"), labels: { "kubernetes.io/service-name": "cart" } },
      addressType: "IPv4",
      ports: [{ name: "http", port: 8080, protocol: "TCP" }],
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    },
  ];
}

const carrick = (...args: string[]) => captured([...args, "--controller", api]);

/** Asks until the answer is the one that is waited for. */
async function until<T>(ask: () => Promise<T>, done: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + 20_000;
  while (true) {
    const answer = await ask();
    if (done(answer)) return answer;
    assert.ok(performance.now() < deadline, JSON.stringify(answer));
    await delay(20);
  }
}

const status = async (): Promise<StatusReport> => JSON.parse((await carrick("status", "-o", "json")).stdout);
const explain = async (): Promise<ExplainReport> =>
  JSON.parse((await carrick("explain", "http://shop.example/cart", "-o", "json")).stdout);

test("status names the broken object of each cluster, with path and fix", async () => {
  await until(status, ({ ready, clusters }) => ready && clusters.every(({ state }) => state === "fresh"));
  const { code, stdout } = await carrick("status");
  assert.equal(code, EXIT.done);
  assert.match(stdout, /^controller \(Carrick 0\.1\.0\), up \d+ s, ready\n/);
  assert.match(stdout, /^london +fresh +- +- +1 +5 +\/.*london$/m);
  assert.match(stdout, /^paris +fresh +\d+ s +- +1 +5 +https?:\/\/127\.0\.0\.1:\d+$/m);
  assert.match(stdout, /^ {2}london: Ingress shop\/broken \(resourceVersion \S+\)\n {4}spec\.rules\[0\]\.host: \S/m);
  assert.match(stdout, /^ {2}paris: Ingress shop\/broken /m);
  assert.equal((await carrick("status", "--check")).code, EXIT.wrong);
});

test("explain: routed, refused by the edge, no URL, no such fleet", async () => {
  const routed = await carrick("explain", "http://shop.example/cart");
  assert.equal(routed.code, EXIT.done);
  assert.match(routed.stdout, /^http:\/\/shop\.example\/cart on fleet public: routed to 2 endpoints\n/);
  assert.match(routed.stdout, /^50\.0 % +127\.0\.0\.11:8080 +london/m);
  const version = paris.objects.get({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    namespace: "shop",
    name: "web",
  })?.metadata.resourceVersion;
  assert.ok(routed.stdout.includes(`paris: Ingress shop/web (resourceVersion ${version})`));

  const refused = await carrick("explain", "http://shop.example/other");
  assert.equal(refused.code, EXIT.refused);
  assert.match(refused.stdout, /answered by the edge itself with 404/);
  const malformed = await carrick("explain", "shop.example");
  assert.deepEqual([malformed.code, malformed.stdout], [EXIT.usage, ""]);
  assert.match(malformed.stderr, /^carrick: "shop\.example" is no URL; write it with http or https/);
  const absent = await carrick("explain", "http://shop.example/", "--fleet", "inner");
  assert.equal(absent.code, EXIT.usage);
  assert.match(absent.stderr, /^carrick: there is no fleet inner; this controller has public$/m);
});

test("drain waits for the real Envoy, which came by the bootstrap; the last cluster is refused; undrain", async () => {
  const pem = await pemFiles(
    folder.path,
    authority,
    { uris: [edgeName("carrick.local", "london", "public", "e1")] },
    "e1",
  );
  const files = ["--certificate", pem.certificate, "--key", pem.key, "--authority", pem.authority];
  const who = ["--fleet", "public", "--name", "e1", "--controller", `${HOST}:${xds}`];
  const bootstrap = await captured(["edge", "bootstrap", ...who, ...files]);
  assert.equal(bootstrap.code, EXIT.done, bootstrap.stderr);
  await using envoy = await startEnvoy({ name: "e1", bootstrap: JSON.parse(bootstrap.stdout), dir: folder.path });
  await envoy.ready();
  await until(status, ({ fleets }) => fleets[0]?.envoys[0]?.pending === 0);

  const drain = (...flags: string[]) => carrick("drain", "paris", "--kubeconfig", kubeconfig, ...flags);
  assert.deepEqual(await drain("--reason", "test"), {
    code: EXIT.done,
    stdout: "paris is drained; 1 Envoy has taken it\n",
    stderr: "",
  });
  assert.deepEqual(
    (await explain()).endpoints.map(({ cluster, share }) => [cluster, share]),
    [["london", 1]],
  );
  assert.match((await carrick("status")).stdout, /^paris +fresh +\d+ s +drained /m);
  const last = await captured(["drain", "london", "--controller", api]);
  assert.equal(last.code, EXIT.refused);
  assert.match(last.stderr, /london is the last cluster that takes requests \(paris is drained; asked controller\)/);

  // The configuration says both where the controller is and how to get into the cluster.
  const back = await captured(["undrain", "paris", "--config", join(folder.path, "controller.yaml")]);
  assert.deepEqual(back, { code: EXIT.done, stdout: "paris is in service; 1 Envoy has taken it\n", stderr: "" });
  assert.equal((await explain()).endpoints.length, 2);
});

test("off the loopback a controller answers only operators, over TLS", async () => {
  // This address is the loopback too, but is not written as one.
  const port = await freePort([HOST]);
  await using remote = await start("remote", { address: `::ffff:${HOST}`, port }, await freePort([HOST]));
  assert.ok(remote.alive());
  const ask = (...flags: string[]) => captured(["status", "--controller", `https://${HOST}:${port}`, ...flags]);
  const as = async (uri: string, name: string) => {
    const pem = await pemFiles(folder.path, authority, { uris: [uri] }, name);
    return await ask("--certificate", pem.certificate, "--key", pem.key, "--authority", pem.authority);
  };
  const operator = await as("spiffe://carrick.local/operator/ada", "ada");
  assert.equal(operator.code, EXIT.done, operator.stderr);
  assert.match(operator.stdout, /^remote \(Carrick /);
  const edge = await as(edgeName("carrick.local", "london", "public", "e1"), "edge");
  assert.equal(edge.code, EXIT.wrong);
  assert.match(
    edge.stderr,
    /refuses this certificate: this certificate's name may not read the API; use one of an operator/,
  );
  assert.equal((await ask()).code, EXIT.usage);
});
