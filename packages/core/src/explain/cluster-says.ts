import type { ServiceInCluster, ServicePortReport } from "../report/index.ts";

/** Why a cluster gets the share of new connections that it gets, in a sentence. */
export function clusterSays({ cluster, drain, weight }: ServiceInCluster, port: ServicePortReport): string {
  const group = port.groups.find((candidate) => candidate.cluster === cluster);
  const own = port.endpoints.filter((endpoint) => endpoint.cluster === cluster);
  if (group === undefined) {
    return `${cluster} has ${own.length === 0 ? "no endpoint" : "no endpoint that is ready"}; it gets nothing.`;
  }
  const terminating = own.some(({ tier, condition }) => tier !== undefined && condition === "draining");
  const has = [
    `${cluster} has ${group.endpoints} ${group.endpoints === 1 ? "endpoint" : "endpoints"}`,
    ...(terminating ? ["of which none is ready but which still serve"] : []),
    ...(weight !== 1 ? [`weighs ${weight}`] : []),
    ...(drain ? ["is being drained"] : []),
    ...(drain && port.drainIgnored ? ["which is ignored because every cluster is"] : []),
  ].join(", ");
  if (group.share > 0) return `${has}; it gets ${percent(group.share)} of new connections.`;
  if (drain) return `${has}; it gets nothing new while another has endpoints.`;
  return `${has}, in tier ${group.tier}; it gets something when nothing of the tiers before it can take any.`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
