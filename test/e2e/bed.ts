/** What end-to-end tests run on: embedded API servers, the real controller as a process, a real Envoy, real back ends. */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ExplainReport, StatusReport } from "@carrick/core/report";
import { edgeBootstrap } from "@carrick/core/translate";
import {
  type ApiServer,
  endpointSlice,
  ingress,
  type IngressOptions,
  ingressClass,
  service,
  startApiServer,
} from "@carrick/lab";
import { parse, stringify } from "yaml";
import { type Backend, startBackend } from "../../packages/lab/src/backend/index.ts";
import { CHECKOUT } from "../../packages/lab/src/process/checkout.ts";
import { parseMetrics } from "../../packages/lab/src/demo/metrics.ts";
import { type Envoy, startEnvoy } from "../../packages/lab/src/envoy/index.ts";
import { exchange, type Exchange, type Target } from "../../packages/lab/src/load/index.ts";
import { freePort, type Program, Restartable, startProgram } from "../../packages/lab/src/process/index.ts";
import { type Authority, controllerName, createAuthority, edgeName } from "../../packages/lab/src/trust/index.ts";

export const DOMAIN = "carrick.local";
const WITHIN_MS = 20_000;
/** How long Envoy keeps connections of a listener that has changed, and so how long the controller keeps old tables. */
const DRAIN_SECONDS = 2;

export interface BedOptions {
  /** Names of clusters that have an API server. */
  readonly clusters: readonly string[];
  /** More entries of `clusters` in the controller's configuration, as they would be written there. */
  readonly moreClusters?: readonly object[];
  /** Pods by cluster: one of them each when not given. */
  readonly pods?: Readonly<Record<string, number>>;
  readonly https?: boolean;
  /** Where the edge listens; a free port of 127.0.0.1 when not given. */
  readonly listenOn?: string;
  readonly cache?: boolean;
  readonly replicas?: number;
}

export interface BedCluster {
  readonly name: string;
  readonly api: ApiServer;
  readonly token: string;
  readonly tokenFile: string;
  readonly pods: readonly string[];
  apply(...objects: readonly object[]): void;
  remove(kind: string, name: string): void;
  /** A Service with a slice of these addresses (all pods of the cluster when not given) and an Ingress for a host. */
  publish(
    name: string,
    host: string,
    options?: Partial<IngressOptions> & { readonly addresses?: readonly string[] },
  ): void;
}

export interface BedReplica {
  readonly process: Restartable<Program<true>>;
  readonly xdsPort: number;
  status(): Promise<StatusReport>;
  explain(url: string): Promise<ExplainReport>;
  /** Rows of a table of the debugging API, by key. */
  rows(table: string): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>>;
  /** `/readyz`: status and text. */
  readyz(): Promise<{ readonly status: number; readonly text: string }>;
  /** The sum of a metric over the series whose labels match. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
}

export interface Bed {
  readonly folder: string;
  readonly authority: Authority;
  readonly clusters: Readonly<Record<string, BedCluster>>;
  readonly replicas: readonly BedReplica[];
  readonly replica: BedReplica;
  readonly envoyProcess: Restartable<Envoy>;
  /** As it was started last. */
  readonly envoy: Envoy;
  target(host: string, path?: string): Target;
  secureTarget(host: string, path?: string): Target;
  /** One request over a connection of its own. */
  get(host: string, path?: string): Promise<Exchange>;
  getSecure(host: string, path?: string): Promise<Exchange>;
  /** Waits until old connections are done with the route tables of an earlier number of hosts. */
  settled(): Promise<void>;
  /** Waits until `condition` holds, asking again in every turn; fails after 20 s with `what`. */
  until(what: string, condition: () => boolean | Promise<boolean>): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openBed(options: BedOptions): Promise<Bed> {
  const folder = mkdtempSync(join(tmpdir(), "carrick-bed-"));
  const stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const authority = await createAuthority("bed");
    writeFileSync(join(folder, "ca.pem"), authority.certPem);
    const podPort = await freePort(["127.0.0.1"]);
    const clusters: Record<string, BedCluster> = {};
    for (const [i, name] of options.clusters.entries()) {
      clusters[name] = await openCluster({
        name,
        index: i + 1,
        folder,
        authority,
        podPort,
        stack,
        pods: options.pods?.[name] ?? 1,
      });
    }
    const edge = {
      http: { address: options.listenOn ?? "127.0.0.1", port: await freePort(["127.0.0.1"]) },
      https: { address: options.listenOn ?? "127.0.0.1", port: await freePort(["127.0.0.1"]) },
    };
    const replicas: BedReplica[] = [];
    for (let i = 1; i <= (options.replicas ?? 1); i++) {
      replicas.push(await openReplica({ number: i, folder, authority, clusters, edge, options, stack }));
    }
    const envoyProcess = await openEnvoy(folder, authority, replicas);
    stack.defer(() => envoyProcess.kill());
    const target = (host: string, path = "/"): Target => ({ name: `${host}${path}`, ...edge.http, host, path });
    const secureTarget = (host: string, path = "/"): Target => ({
      ...target(host, path),
      ...edge.https,
      authority: authority.certPem,
    });
    const until = waiting(() =>
      replicas.map(({ process: { now } }) => readFileSync(now.logPath, "utf8").slice(-2000)).join("\n"),
    );
    const kept = stack.move();
    return {
      folder,
      authority,
      clusters,
      replicas,
      replica: replicas[0]!,
      envoyProcess,
      get envoy() {
        return envoyProcess.now;
      },
      target,
      secureTarget,
      get: (host, path) => exchange(target(host, path), 1000),
      getSecure: (host, path) => exchange(secureTarget(host, path), 1000),
      until,
      settled: () =>
        until("no layout of route tables is kept for old connections", async () =>
          Object.values(await replicas[0]!.rows("public/plans")).every(({ also }) => also === undefined),
        ),
      [Symbol.asyncDispose]: () => kept.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** `logs`: what the controllers said last, for the error. */
function waiting(logs: () => string): Bed["until"] {
  return async (what, condition) => {
    const deadline = performance.now() + WITHIN_MS;
    let failure: unknown;
    for (;;) {
      try {
        if (await condition()) return;
        failure = undefined;
      } catch (error) {
        failure = error;
      }
      if (performance.now() > deadline) {
        const why =
          failure === undefined ? "" : ` (${failure instanceof Error ? failure.message : JSON.stringify(failure)})`;
        throw new Error(`not within ${WITHIN_MS / 1000} s: ${what}${why}\n${logs()}`);
      }
      await nextTurn();
    }
  };
}

interface ClusterInputs {
  readonly name: string;
  readonly index: number;
  readonly folder: string;
  readonly authority: Authority;
  readonly podPort: number;
  readonly pods: number;
  readonly stack: AsyncDisposableStack;
}

async function openCluster({
  name,
  index,
  folder,
  authority,
  podPort,
  pods,
  stack,
}: ClusterInputs): Promise<BedCluster> {
  const token = randomBytes(16).toString("hex");
  const { certPem, keyPem } = await authority.issue({ ips: ["127.0.0.1"], usages: ["server"] });
  const api = await startApiServer({ name, tls: { certPem, keyPem, caPem: authority.certPem }, tokens: [token] });
  stack.defer(() => api.close());
  const tokenFile = join(folder, `${name}.token`);
  writeFileSync(tokenFile, `${token}\n`);
  writeFileSync(join(folder, `${name}.kubeconfig`), kubeconfig(name, api.url, tokenFile, join(folder, "ca.pem")));
  const addresses = Array.from({ length: pods }, (_, i) => `127.${20 + index}.0.${i + 1}`);
  const backend: Backend = await startBackend({
    cluster: name,
    port: podPort,
    pods: addresses.map((address, i) => ({ name: `${name}-${i + 1}`, address })),
  });
  stack.defer(() => backend.close());
  const apply = (...objects: readonly object[]) => {
    for (const object of objects) api.objects.apply(object);
  };
  const definition = readFileSync(join(CHECKOUT, "deploy", "crds", "carrick.dev_clusters.yaml"), "utf8");
  apply(parse(definition) as object, ingressClass({ name: "carrick", controller: "carrick.dev/edge" }));
  return {
    name,
    api,
    token,
    tokenFile,
    pods: addresses,
    apply,
    remove: (kind, objectName) => {
      const apiVersion = { Ingress: "networking.k8s.io/v1", EndpointSlice: "discovery.k8s.io/v1" }[kind] ?? "v1";
      if (!api.objects.delete({ apiVersion, kind, name: objectName, namespace: "shop" })) {
        throw new Error(`${name}: there is no ${kind} shop/${objectName}`);
      }
    },
    publish: (serviceName, host, { addresses: endpoints = addresses, ...more } = {}) => {
      apply(
        service({ name: serviceName, namespace: "shop", ports: [{ name: "http", port: 80 }] }),
        endpointSlice({
          name: `${serviceName}-1`,
          namespace: "shop",
          service: serviceName,
          endpoints,
          ports: [{ name: "http", port: podPort }],
        }),
        ingress({
          name: serviceName,
          namespace: "shop",
          className: "carrick",
          hosts: [host],
          paths: [{ service: serviceName, port: "http" }],
          ...more,
        }),
      );
    },
  };
}

function kubeconfig(name: string, server: string, tokenFile: string, authority: string): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server, "certificate-authority": authority } }],
    users: [{ name, user: { tokenFile } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}

interface ReplicaInputs {
  readonly number: number;
  readonly folder: string;
  readonly authority: Authority;
  readonly clusters: Readonly<Record<string, BedCluster>>;
  readonly edge: Readonly<Record<"http" | "https", { readonly address: string; readonly port: number }>>;
  readonly options: BedOptions;
  readonly stack: AsyncDisposableStack;
}

async function openReplica({
  number,
  folder,
  authority,
  clusters,
  edge,
  options,
  stack,
}: ReplicaInputs): Promise<BedReplica> {
  const name = `replica-${number}`;
  const { certPem, keyPem } = await authority.issue({ uris: [controllerName(DOMAIN, "home")], ips: ["127.0.0.1"] });
  writeFileSync(join(folder, `${name}.pem`), certPem);
  writeFileSync(join(folder, `${name}.key`), keyPem, { mode: 0o600 });
  const [xdsPort, apiPort, metricsPort] = [
    await freePort(["127.0.0.1"]),
    await freePort(["127.0.0.1"]),
    await freePort(["127.0.0.1"]),
  ];
  const address = "127.0.0.1";
  const config = {
    replica: name,
    domain: DOMAIN,
    listen: {
      xds: { address, port: xdsPort },
      api: { address, port: apiPort },
      metrics: { address, port: metricsPort },
    },
    tls: { certificate: `${name}.pem`, key: `${name}.key`, authority: "ca.pem" },
    ...(options.cache === true && { cache: `cache-${number}` }),
    clusters: [
      ...Object.keys(clusters).map((cluster) => ({
        name: cluster,
        kubernetes: { kubeconfig: `${cluster}.kubeconfig` },
      })),
      ...(options.moreClusters ?? []),
    ],
    edges: [
      {
        name: "public",
        classes: ["carrick"],
        drainSeconds: DRAIN_SECONDS,
        http: edge.http,
        ...(options.https === true && { https: edge.https }),
      },
    ],
    endpoints: { allowLoopback: true },
  };
  const configPath = join(folder, `${name}.yaml`);
  writeFileSync(configPath, stringify(config));
  const program = await Restartable.start(() =>
    startProgram<true>({
      name,
      command: process.execPath,
      args: [join(CHECKOUT, "build", "controller.mjs"), "--config", configPath],
      logFolder: folder,
      ready: (line) => (line.includes('"started"') ? true : undefined),
    }),
  );
  stack.defer(() => program.stop());
  const fetchText = async (port: number, path: string) => {
    const response = await fetch(`http://${address}:${port}${path}`, { signal: AbortSignal.timeout(5000) });
    return { status: response.status, text: await response.text() };
  };
  return {
    process: program,
    xdsPort,
    status: async () => JSON.parse((await fetchText(apiPort, "/v1/status")).text) as StatusReport,
    explain: async (url) =>
      JSON.parse((await fetchText(apiPort, `/v1/explain?url=${encodeURIComponent(url)}`)).text) as ExplainReport,
    rows: async (table) =>
      JSON.parse((await fetchText(apiPort, `/v1/tables/${table}`)).text) as Record<string, Record<string, unknown>>,
    readyz: () => fetchText(metricsPort, "/readyz"),
    metric: async (metric, labels = {}) => {
      const samples = parseMetrics((await fetchText(metricsPort, "/metrics")).text, metric);
      return samples
        .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
        .reduce((sum, { value }) => sum + value, 0);
    },
  };
}

async function openEnvoy(
  folder: string,
  authority: Authority,
  replicas: readonly BedReplica[],
): Promise<Restartable<Envoy>> {
  const { certPem, keyPem } = await authority.issue({ uris: [edgeName(DOMAIN, "home", "public", "e1")] });
  writeFileSync(join(folder, "e1.pem"), certPem);
  writeFileSync(join(folder, "e1.key"), keyPem, { mode: 0o600 });
  const bootstrap = edgeBootstrap({
    node: { id: "e1", cluster: "public" },
    controllers: replicas.map(({ xdsPort }) => ({ address: "127.0.0.1", port: xdsPort })),
    serverName: controllerName(DOMAIN, "home"),
    tls: { certificate: join(folder, "e1.pem"), key: join(folder, "e1.key"), authority: join(folder, "ca.pem") },
    statsPrefixes: ["cluster.", "http."],
  });
  mkdirSync(join(folder, "envoy"));
  const dir = join(folder, "envoy");
  return Restartable.start(() => startEnvoy({ name: "e1", bootstrap, dir, drainTimeSeconds: DRAIN_SECONDS }));
}
