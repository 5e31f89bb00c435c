import type { ClusterStatus, KindStatus, MeshStatus, StatusReport } from "@carrick/core/report";

/** The kinds whose rows are not those of a working watch. `absent` (the API server does not offer the kind) is no trouble. */
export function troubledKinds(cluster: ClusterStatus): KindStatus[] {
  return cluster.kinds.filter(
    ({ state, error, fromCache }) => state === "stale" || state === "unknown" || error !== undefined || fromCache,
  );
}

/** Whether a peer is heard stands in its cluster's state. A node may be without an agent on purpose. */
function isMeshHealthy({ nodes, peers }: MeshStatus): boolean {
  const streams = [...nodes, ...peers.flatMap(({ followers }) => followers)];
  return streams.every(({ refused }) => refused.length === 0);
}

/** Nothing in the report asks for a person. A drain and updates that are on their way are no trouble. */
export function isHealthy(report: StatusReport): boolean {
  return (
    report.ready &&
    report.clusters.every(
      (cluster) => cluster.state === "fresh" && troubledKinds(cluster).length === 0 && cluster.problems.length === 0,
    ) &&
    report.fleets.every(
      ({ held = [], envoys }) => held.length === 0 && envoys.every(({ refused }) => refused.length === 0),
    ) &&
    (report.mesh === undefined || isMeshHealthy(report.mesh)) &&
    report.problems.length === 0 &&
    report.moreProblems === 0
  );
}
