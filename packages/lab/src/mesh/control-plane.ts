/** The control plane of a cluster of the lab's network: an API server, and two replicas of the controller. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openNamespace } from "@carrick/agent/net";
import { parse, stringify } from "yaml";
import { type ApiServer, startApiServer } from "../apiserver/index.ts";
import { addressesOf, type Cluster, namespaceOf, type Place, processPlace, type Topology } from "../network/index.ts";
import { CHECKOUT, programArguments } from "../process/checkout.ts";
import { type ProcessPlace, type Program, Restartable, startProgram } from "../process/index.ts";
import { type Authority, controllerName, writeKeyPair } from "../trust/index.ts";

const API_PORT = 6443;
/** Of each replica: all are in one namespace. */
const XDS_PORTS = [18_000, 18_010] as const;
export const DOMAIN = "carrick.local";
export const FLEET = "public";
export const EDGE_PORT = 80;

export interface MeshPlace {
  readonly topology: Topology;
  readonly run: string;
  readonly authority: Authority;
  /** Of each controller: 1 or 2. */
  readonly replicas: number;
  /** For files with secrets, and for logs; `ca.pem` is in it. */
  readonly folder: string;
}

export interface ControlPlane {
  readonly api: ApiServer;
  readonly controllers: readonly Controller[];
  /** How an operator gets in, from where it runs. */
  readonly kubeconfig: string;
  readonly place: ProcessPlace;
}

export type Controller = Restartable<Program<true>>;

/** Where the replicas of a cluster are found by its nodes and its peers. */
export function controllersOf(
  { topology, replicas }: MeshPlace,
  cluster: string,
): { readonly address: string; readonly port: number }[] {
  const { ipv4: address } = addressesOf(topology, { kind: "control-plane", cluster });
  return XDS_PORTS.slice(0, replicas).map((port) => ({ address, port }));
}

/** Starts all in the cluster's control-plane namespace; they end with `stack`. */
export async function startControlPlane(
  mesh: MeshPlace,
  cluster: Cluster,
  stack: AsyncDisposableStack,
): Promise<ControlPlane> {
  const api = await startApi(mesh, cluster);
  stack.defer(() => api.close());
  writeFileSync(kubeconfigOf(mesh, cluster), api.kubeconfig(), { mode: 0o600 });
  const controllers = await Promise.all(
    controllersOf(mesh, cluster.name).map(({ port }) => startController(mesh, cluster, port)),
  );
  for (const controller of controllers) stack.defer(() => controller.stop());
  const place = processPlace(mesh.run, { kind: "control-plane", cluster: cluster.name });
  return { api, controllers, kubeconfig: kubeconfigOf(mesh, cluster), place };
}

async function startApi({ topology, run, authority }: MeshPlace, { name }: Cluster): Promise<ApiServer> {
  const place: Place = { kind: "control-plane", cluster: name };
  const { ipv4: address } = addressesOf(topology, place);
  const { certPem, keyPem } = await authority.issue({ ips: [address], usages: ["server"] });
  using namespace = openNamespace(namespaceOf(run, place));
  const api = await startApiServer({
    name,
    address,
    port: API_PORT,
    namespace,
    tls: { certPem, keyPem, caPem: authority.certPem },
    tokens: [randomBytes(24).toString("hex")],
  });
  const definition = readFileSync(join(CHECKOUT, "deploy", "crds", "carrick.dev_clusters.yaml"), "utf8");
  api.objects.apply(parse(definition) as object);
  return api;
}

async function startController(mesh: MeshPlace, cluster: Cluster, xdsPort: number): Promise<Controller> {
  const { topology, run, authority, folder } = mesh;
  const { name } = cluster;
  const place: Place = { kind: "control-plane", cluster: name };
  const { ipv4: address } = addressesOf(topology, place);
  const replica = `${name}-controller-${xdsPort}`;
  const pair = await authority.issue({ uris: [controllerName(DOMAIN, name)], ips: [address] });
  const cache = join(folder, `${replica}-cache`);
  mkdirSync(cache, { mode: 0o700 });
  const configPath = join(folder, `${replica}.yaml`);
  const peers = topology.clusters.filter((other) => other !== cluster);
  writeFileSync(
    configPath,
    stringify({
      replica,
      domain: DOMAIN,
      listen: {
        xds: { address, port: xdsPort },
        api: { address: "127.0.0.1", port: xdsPort + 1 },
        metrics: { address: "127.0.0.1", port: xdsPort + 2 },
      },
      tls: { ...writeKeyPair(pair, folder, replica), authority: "ca.pem" },
      cache,
      edges: [{ name: FLEET, classes: ["carrick"], http: { address: "::", port: EDGE_PORT } }],
      clusters: [{ name, kubernetes: { kubeconfig: kubeconfigOf(mesh, cluster) } }],
      mesh: {
        cluster: name,
        podCidrs: Object.values(cluster.pods),
        peers: peers.map((peer) => ({
          name: peer.name,
          servers: controllersOf(mesh, peer.name),
          podCidrs: Object.values(peer.pods),
        })),
      },
    }),
  );
  return Restartable.start(() =>
    startProgram<true>({
      name: replica,
      command: process.execPath,
      args: [...programArguments("controller"), "--config", configPath],
      logFolder: folder,
      place: processPlace(run, place),
      ready: (line) => (line.includes('"started"') ? true : undefined),
    }),
  );
}

function kubeconfigOf({ folder }: MeshPlace, { name }: Cluster): string {
  return join(folder, `${name}-kubeconfig`);
}
