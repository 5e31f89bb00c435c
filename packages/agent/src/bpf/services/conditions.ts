/** What cannot be served as it is wanted, and why. The rest is served. */
import type { BpfMap } from "../kernel/bpf-map.ts";

export interface Condition {
  readonly reason: "Invalid" | "Full";
  /** One sentence with object, reason and fix. */
  readonly message: string;
  /** The map that is full, and how many entries it has. */
  readonly map?: string;
  readonly limit?: number;
}

export function full(object: string, map: string, limit: number): Condition {
  const message = `${object}: cannot be published, since the map ${map} is full with ${limit} entries; raise that limit`;
  return { reason: "Full", message, map, limit };
}

export function fullMap(object: string, map: BpfMap): Condition {
  return full(object, map.name, map.facts.maxEntries);
}
