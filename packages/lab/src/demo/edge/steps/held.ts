import type { Edge } from "../edge.ts";

/** Name → version of each resource, and of each upstream its endpoints. */
export type Held = ReadonlyMap<string, string>;

export async function heldBy(edge: Edge): Promise<Held> {
  const [configuration, endpoints] = await Promise.all([edge.configuration(), edge.endpoints()]);
  const upstreams = [...endpoints].map(([name, addresses]) => [`endpoints ${name}`, addresses.join()] as const);
  return new Map([...configuration, ...upstreams]);
}

export interface Difference {
  readonly lost: number;
  readonly changed: number;
  readonly added: number;
}

export function compare(before: Held, after: Held): Difference {
  const names = [...before.keys()];
  return {
    lost: names.filter((name) => !after.has(name)).length,
    changed: names.filter((name) => after.has(name) && after.get(name) !== before.get(name)).length,
    added: [...after.keys()].filter((name) => !before.has(name)).length,
  };
}
