import type { Group } from "../derive/index.ts";

export interface Shares {
  /** Of new connections, for each endpoint of each group: 0 to 1. */
  readonly each: readonly number[];
  readonly drainIgnored: boolean;
}

/**
 * How nodes spread new connections over groups while every cluster is healthy: over the first tier that has a cluster
 * that is not being drained; over all of the first tier if every cluster is.
 */
export function shares(groups: readonly Group[], isDrained: (cluster: string) => boolean): Shares {
  const staying = groups.filter(({ cluster }) => !isDrained(cluster));
  const drainIgnored = staying.length === 0 && groups.length > 0;
  const usable = drainIgnored ? groups : staying;
  const tier = Math.min(...usable.map(({ priority }) => priority));
  const taking = new Set(usable.filter(({ priority }) => priority === tier));
  const total = [...taking].reduce((sum, { weight, endpoints }) => sum + weight * endpoints.length, 0);
  return { each: groups.map((group) => (taking.has(group) ? group.weight / total : 0)), drainIgnored };
}
