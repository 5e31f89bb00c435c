/** Clusters with their objects, back ends and certificates; controllers and Envoys are started over it, run by run. */
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { edgeBootstrap } from "@carrick/core/translate";
import { createClient, type KubeClient, openAccess } from "@carrick/kube";
import { BACKEND_READY, type BackendOptions } from "../../packages/lab/src/backend/index.ts";
import { programArguments } from "../../packages/lab/src/process/checkout.ts";
import { type Envoy, startEnvoy } from "../../packages/lab/src/envoy/index.ts";
import { freePort, type Program, startProgram } from "../../packages/lab/src/process/index.ts";
import { type Authority, controllerName, createAuthority, edgeName } from "../../packages/lab/src/trust/index.ts";
import { CLUSTERS_READY, type ClustersConfig, kubeconfigPath } from "./clusters.ts";
import { Controller, type ControllerOptions, FLEET, writeConfiguration } from "./controller.ts";
import type { Listens } from "./listens.ts";
import { CLASS, clusterName, DOMAIN, objectCounts, PODS, podAddress, podName, type Shape } from "./objects.ts";
import type { Edge } from "./sampler.ts";

const TRUST_DOMAIN = "bench.local";
const LOOPBACK = "127.0.0.1";
/** Building the objects of the largest world. */
const LONGEST_BUILD_MS = 300_000;

export interface World {
  readonly shape: Shape;
  readonly podPort: number;
  /** Of the first cluster, to which all changes are written. */
  readonly client: KubeClient;
  /** Signs the certificates of hosts too. */
  readonly authority: Authority;
  readonly http: Edge;
  readonly https: Edge;
  startController(): Promise<Controller>;
  /** Resolves when it serves everything that the controller has for it. */
  startEnvoy(controller: Controller): Promise<Envoy>;
  /** Ends everything, removes every file but the logs. */
  close(): Promise<void>;
}

/** Files stand in `folder`, which is made anew. */
export async function startWorld(shape: Shape, folder: string): Promise<World> {
  rmSync(folder, { recursive: true, force: true });
  const files = join(folder, "files");
  const logs = join(folder, "logs");
  for (const path of [files, logs]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const authority = await createAuthority("Carrick benchmarks");
  const podPort = await freePort(Array.from({ length: PODS }, (_, i) => podAddress(1, i + 1)));
  const programs: Program<unknown>[] = [];
  try {
    programs.push(await startClusters(shape, podPort, authority, files, logs));
    programs.push(await startBackends(podPort, logs));
    const client = createClient({ access: openAccess({ kubeconfig: kubeconfigPath(files, 1) }) });
    const addresses = await chooseAddresses();
    const options = await configure(shape, authority, addresses, files, logs);
    const bootstrap = await bootstrapOf(authority, addresses.xds, files);
    const started = new Set<Envoy | Controller>();
    return {
      shape,
      podPort,
      client,
      authority,
      http: addresses.http,
      https: { ...addresses.https, authority: authority.certPem },
      startController: async () => {
        const controller = await Controller.start(options);
        started.add(controller);
        return controller;
      },
      startEnvoy: async (controller) => {
        const envoy = await startEnvoy({ name: "envoy", bootstrap, dir: logs, drainTimeSeconds: 60 });
        started.add(envoy);
        await envoy.ready(LONGEST_BUILD_MS);
        await controller.settled();
        return envoy;
      },
      close: async () => {
        client.close();
        for (const process of started) await process.stop();
        for (const program of programs) await program.kill();
        rmSync(files, { recursive: true, force: true });
      },
    };
  } catch (error) {
    for (const program of programs) await program.kill();
    throw error;
  }
}

async function startClusters(
  shape: Shape,
  podPort: number,
  authority: Authority,
  files: string,
  logs: string,
): Promise<Program<unknown>> {
  const server = await authority.issue({ ips: [LOOPBACK], usages: ["server"] });
  const hosts = shape.https ? await authority.issue({ dnsNames: [`*.${DOMAIN}`], usages: ["server"] }) : undefined;
  const config: ClustersConfig = {
    shape,
    podPort,
    server: { certPem: server.certPem, keyPem: server.keyPem },
    authority: authority.certPem,
    token: randomBytes(24).toString("hex"),
    certificate: hosts && { certPem: hosts.certPem, keyPem: hosts.keyPem },
    folder: files,
  };
  const configPath = join(files, "clusters.json");
  writeFileSync(configPath, JSON.stringify(config), { mode: 0o600 });
  return startProgram({
    name: "clusters",
    command: process.execPath,
    args: ["--conditions=source", join(import.meta.dirname, "clusters.ts"), configPath],
    logFolder: logs,
    ready: (line) => (line === CLUSTERS_READY ? true : undefined),
    readyTimeoutMs: LONGEST_BUILD_MS,
  });
}

/** Only the first cluster's pods are ever asked. */
async function startBackends(podPort: number, logs: string): Promise<Program<unknown>> {
  const pods = Array.from({ length: PODS }, (_, i) => ({ name: podName(i + 1), address: podAddress(1, i + 1) }));
  const options: BackendOptions = { cluster: clusterName(1), port: podPort, pods };
  return startProgram({
    name: "backends",
    command: process.execPath,
    args: [...programArguments("lab"), "backend", JSON.stringify(options)],
    logFolder: logs,
    ready: (line) => (line === BACKEND_READY ? true : undefined),
  });
}

interface Addresses {
  readonly xds: Listens;
  readonly api: Listens;
  readonly metrics: Listens;
  readonly http: Listens;
  readonly https: Listens;
}

async function chooseAddresses(): Promise<Addresses> {
  const ports = new Set<number>();
  while (ports.size < 5) ports.add(await freePort([LOOPBACK]));
  const [xds, api, metrics, http, https] = Array.from(ports, (port) => ({ address: LOOPBACK, port }));
  return { xds: xds!, api: api!, metrics: metrics!, http: http!, https: https! };
}

async function configure(
  shape: Shape,
  authority: Authority,
  { xds, api, metrics, http, https }: Addresses,
  files: string,
  logs: string,
): Promise<ControllerOptions> {
  const tls = await writePair(authority, files, "controller", controllerName(TRUST_DOMAIN, clusterName(1)));
  const clusters = Array.from({ length: shape.clusters }, (_, i) => i + 1);
  const configPath = join(files, "controller.yaml");
  writeConfiguration(configPath, {
    listen: { xds, api, metrics },
    tls,
    domain: TRUST_DOMAIN,
    kubeconfigs: new Map(clusters.map((cluster) => [clusterName(cluster), kubeconfigPath(files, cluster)])),
    ingressClass: CLASS,
    http,
    https,
  });
  return { configPath, logPath: join(logs, "controller.log"), api, metrics, objects: objectCounts(shape) };
}

async function bootstrapOf(authority: Authority, xds: Listens, files: string) {
  const tls = await writePair(authority, files, "envoy", edgeName(TRUST_DOMAIN, clusterName(1), FLEET, "e1"));
  return edgeBootstrap({
    node: { id: "e1", cluster: FLEET },
    controllers: [xds],
    serverName: controllerName(TRUST_DOMAIN, clusterName(1)),
    tls,
  });
}

async function writePair(authority: Authority, files: string, name: string, uri: string) {
  const pair = await authority.issue({ uris: [uri] });
  const paths = {
    certificate: join(files, `${name}.crt`),
    key: join(files, `${name}.key`),
    authority: join(files, "ca.crt"),
  };
  writeFileSync(paths.certificate, pair.certPem, { mode: 0o600 });
  writeFileSync(paths.key, pair.keyPem, { mode: 0o600 });
  writeFileSync(paths.authority, authority.certPem, { mode: 0o600 });
  return paths;
}
