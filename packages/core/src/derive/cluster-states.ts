import { type ClusterName, objectKey, sourceByCluster, type Tables } from "../model/index.ts";
import { type Reader, same, type Store, type Table } from "../store/index.ts";

/** What holds for a cluster as a whole: read by every backend set that the cluster is a member of. */
export interface ClusterState {
  readonly weight: number;
  readonly drain: boolean;
  /** Everything has been told that its endpoints depend on. */
  readonly endpointsKnown: boolean;
}

/** One row for each cluster that has a source, under the cluster's name. `scope`: whose views they are. */
export function clusterStates(store: Store, tables: Tables, scope: string): Table<ClusterState> {
  return store.view<{ readonly term: string }, ClusterState>(
    `${scope}/cluster-states`,
    store.groups(`${scope}/cluster-names`, tables.sources, sourceByCluster),
    ({ term: cluster }, key, read) => [[key, clusterState(cluster, tables, read)]],
    same,
  );
}

export function clusterState(cluster: ClusterName, tables: Tables, read: Reader): ClusterState {
  const own = read.get(tables.Cluster, objectKey(cluster, "", "self"));
  const known = new Set(
    read.by(tables.sources, sourceByCluster, cluster).flatMap((source) => (source.known ? [source.kind] : [])),
  );
  const endpointsKnown = known.has("Cluster") && known.has("Service") && known.has("EndpointSlice");
  return { weight: own?.weight ?? 1, drain: own?.drain ?? false, endpointsKnown };
}
