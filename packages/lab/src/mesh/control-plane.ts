/** The control plane of a cluster of the lab's network: an API server, and a controller of the mesh. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { namespacePath, openNamespace } from "@carrick/agent/net";
import { stringify } from "yaml";
import { type ApiServer, startApiServer } from "../apiserver/index.ts";
import { addressesOf, type Cluster, namespaceOf, type Place, processPlace, type Topology } from "../network/index.ts";
import { CHECKOUT } from "../process/checkout.ts";
import { type Program, Restartable, startProgram } from "../process/index.ts";
import { type Authority, controllerName, writeKeyPair } from "../trust/index.ts";

const API_PORT = 6443;
export const XDS_PORT = 18_000;
export const DOMAIN = "carrick.local";

export interface MeshPlace {
  readonly topology: Topology;
  readonly run: string;
  readonly authority: Authority;
  /** For files with secrets, and for logs; `ca.pem` is in it. */
  readonly folder: string;
}

export interface ControlPlane {
  readonly api: ApiServer;
  readonly controller: Restartable<Program<true>>;
}

/** Starts both in the cluster's control-plane namespace; they end with `stack`. */
export async function startControlPlane(
  mesh: MeshPlace,
  cluster: Cluster,
  stack: AsyncDisposableStack,
): Promise<ControlPlane> {
  const { topology, run, authority, folder } = mesh;
  const { name } = cluster;
  const place: Place = { kind: "control-plane", cluster: name };
  const address = addressesOf(topology, place).ipv4;
  const token = randomBytes(24).toString("hex");
  const { certPem, keyPem } = await authority.issue({ ips: [address], usages: ["server"] });
  using namespace = openNamespace(namespacePath(namespaceOf(run, place)));
  const api = await startApiServer({
    name,
    address,
    port: API_PORT,
    namespace,
    tls: { certPem, keyPem, caPem: authority.certPem },
    tokens: [token],
  });
  stack.defer(() => api.close());
  const file = (suffix: string) => join(folder, `${name}-${suffix}`);
  writeFileSync(file("kubeconfig"), api.kubeconfig(), { mode: 0o600 });
  const pair = await authority.issue({ uris: [controllerName(DOMAIN, name)], ips: [address] });
  const peers = topology.clusters.filter((other) => other !== cluster);
  writeFileSync(
    file("controller.yaml"),
    stringify({
      replica: `${name}-controller`,
      domain: DOMAIN,
      listen: {
        xds: { address, port: XDS_PORT },
        api: { address: "127.0.0.1", port: 18_001 },
        metrics: { address: "127.0.0.1", port: 18_002 },
      },
      tls: { ...writeKeyPair(pair, folder, `${name}-controller`), authority: "ca.pem" },
      clusters: [{ name, kubernetes: { kubeconfig: file("kubeconfig") } }],
      mesh: {
        cluster: name,
        podCidrs: Object.values(cluster.pods),
        peers: peers.map((peer) => ({
          name: peer.name,
          servers: [
            { address: addressesOf(topology, { kind: "control-plane", cluster: peer.name }).ipv4, port: XDS_PORT },
          ],
          podCidrs: Object.values(peer.pods),
        })),
      },
    }),
  );
  const controller = await Restartable.start(() =>
    startProgram<true>({
      name: `${name}-controller`,
      command: process.execPath,
      args: [join(CHECKOUT, "build", "controller.mjs"), "--config", file("controller.yaml")],
      logFolder: folder,
      place: processPlace(run, place),
      ready: (line) => (line.includes('"started"') ? true : undefined),
    }),
  );
  stack.defer(() => controller.stop());
  return { api, controller };
}
