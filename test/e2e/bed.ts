/** What end-to-end tests run on: embedded API servers, the real controller as a process, a real Envoy, real back ends. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { edgeBootstrap } from "@carrick/core/translate";
import { type Envoy, startEnvoy } from "../../packages/lab/src/envoy/index.ts";
import { exchange, type Exchange, type Target } from "../../packages/lab/src/load/index.ts";
import { freePort, Restartable } from "../../packages/lab/src/process/index.ts";
import { type Authority, controllerName, createAuthority, edgeName } from "../../packages/lab/src/trust/index.ts";
import { type BedCluster, openCluster } from "./cluster.ts";
import { type BedReplica, DOMAIN, openReplica } from "./replica.ts";
import { type Until, waiting } from "./waiting.ts";

export { DOMAIN } from "./replica.ts";

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
  readonly until: Until;
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
      const config = () => configOf({ options, clusters, edge, number: i });
      replicas.push(await openReplica({ name: `replica-${i}`, cluster: "home", folder, authority, config, stack }));
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

/** The part of a replica's configuration that the options decide. */
function configOf({
  options,
  clusters,
  edge,
  number,
}: {
  readonly options: BedOptions;
  readonly clusters: Readonly<Record<string, BedCluster>>;
  readonly edge: Readonly<Record<"http" | "https", { readonly address: string; readonly port: number }>>;
  readonly number: number;
}): object {
  return {
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
