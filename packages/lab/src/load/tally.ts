/** What many exchanges say together. */
import type { Exchange } from "./exchange.ts";

export interface Tally {
  readonly requests: number;
  /** Exchanges without a whole answer of status 200, each kind with its number: `503 ×3`, `ECONNRESET ×1`. */
  readonly failures: ReadonlyMap<string, number>;
  readonly failed: number;
  /** Answered requests by cluster and by pod (`cluster/pod`). */
  readonly clusters: ReadonlyMap<string, number>;
  readonly pods: ReadonlyMap<string, number>;
  /** Time of the answered ones in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

export function tally(exchanges: readonly Exchange[]): Tally {
  const failures = new Map<string, number>();
  const clusters = new Map<string, number>();
  const pods = new Map<string, number>();
  const times: number[] = [];
  for (const { status, error, cluster, pod, ms } of exchanges) {
    if (error !== undefined || status !== 200) {
      count(failures, error ?? `status ${status}`);
      continue;
    }
    count(clusters, cluster);
    count(pods, `${cluster}/${pod}`);
    times.push(ms);
  }
  times.sort((a, b) => a - b);
  return {
    requests: exchanges.length,
    failures,
    failed: exchanges.length - times.length,
    clusters,
    pods,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    longest: times.at(-1) ?? 0,
  };
}

/** The value that a share `q` of the sorted values does not exceed; 0 of none. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
