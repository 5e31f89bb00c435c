/** The API servers of a world, in one process of their own: `clusters.ts <file with ClustersConfig>`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ApiServer, startApiServer } from "../../packages/lab/src/apiserver/index.ts";
import { clusterName, firstObjects, type Pair, type Shape } from "./objects.ts";

export interface ClustersConfig {
  readonly shape: Shape;
  readonly podPort: number;
  /** For all servers: their certificate, its authority, and the token of the controller and of the benchmark. */
  readonly server: Pair;
  readonly authority: string;
  readonly token: string;
  /** What hosts are served with. */
  readonly certificate: Pair | undefined;
  /** Where the kubeconfigs are written, see `kubeconfigPath`. */
  readonly folder: string;
}

/** The line with which the process says that all servers listen and hold their objects. */
export const CLUSTERS_READY = "ready";

/** Where the kubeconfig of a cluster, counted from 1, stands. */
export function kubeconfigPath(folder: string, cluster: number): string {
  return join(folder, `kubeconfig-${clusterName(cluster)}`);
}

async function startCluster(config: ClustersConfig, cluster: number): Promise<ApiServer> {
  const { shape, podPort, server, authority, token, certificate, folder } = config;
  const api = await startApiServer({
    name: clusterName(cluster),
    tls: { ...server, caPem: authority },
    tokens: [token],
  });
  for (const object of firstObjects(shape, cluster, podPort, certificate)) api.objects.apply(object);
  // What was there before the controller came is nothing that a watch has to resume from.
  api.compact();
  writeFileSync(kubeconfigPath(folder, cluster), api.kubeconfig(), { mode: 0o600 });
  return api;
}

if (import.meta.main) {
  const config = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as ClustersConfig;
  for (let cluster = 1; cluster <= config.shape.clusters; cluster++) await startCluster(config, cluster);
  console.log(CLUSTERS_READY);
}
