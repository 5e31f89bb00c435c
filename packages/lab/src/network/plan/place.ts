/** Who stands where: the machines of the lab, and how they are named. */
import type { Cluster, Topology } from "../topology/topology.ts";

/** One machine, that is one network namespace. */
export type Place =
  | { readonly kind: "router" }
  | { readonly kind: "edge" }
  | { readonly kind: "client" }
  | { readonly kind: "control-plane"; readonly cluster: string }
  /** `node` counts from 1. */
  | { readonly kind: "node"; readonly cluster: string; readonly node: number };

/** A run cannot be called so. */
export class RunIdError extends Error {
  override readonly name = "RunIdError";
}

/** There is no such place in this lab. */
export class PlaceError extends Error {
  override readonly name = "PlaceError";

  constructor(name: string, known: readonly string[]) {
    super(`"${name}" is no place of this lab; the places are ${known.join(", ")}`);
  }
}

/** Without a hyphen, so that no run's prefix begins with another's. Throws `RunIdError`. */
export function checkRunId(run: string): string {
  if (/^[a-z0-9]{1,12}$/.test(run)) return run;
  throw new RunIdError(`"${run}" cannot name a run of the lab; use 1 to 12 lower-case letters and digits`);
}

/** What all namespaces of a run begin with; its pods' too. */
export function runPrefix(run: string): string {
  return `cr-${checkRunId(run)}-`;
}

/** `london/n1`, `london/cp`, `edge`: as users write it. */
export function placeName(place: Place): string {
  if (place.kind === "node") return `${place.cluster}/n${place.node}`;
  return place.kind === "control-plane" ? `${place.cluster}/cp` : place.kind;
}

/** `london-n1`: part of names of namespaces, cgroups, folders. */
export function placeSlug(place: Place): string {
  return placeName(place).replace("/", "-");
}

export function namespaceOf(run: string, place: Place): string {
  return runPrefix(run) + placeSlug(place);
}

/** All but the router. */
export function placesOf({ clusters }: Topology): Place[] {
  return [...clusters.flatMap(placesOfCluster), { kind: "edge" }, { kind: "client" }];
}

export function placesOfCluster({ name: cluster, nodes }: Cluster): Place[] {
  const all = Array.from({ length: nodes }, (_, at): Place => ({ kind: "node", cluster, node: at + 1 }));
  return [...all, { kind: "control-plane", cluster }];
}

/** The router's end of a place's link: `c1n1`, `c2cp`, `edge`. By index, for names of links are short. */
export function routerLink({ clusters }: Topology, place: Place): string {
  if (!("cluster" in place)) return place.kind;
  const { index } = clusters.find(({ name }) => name === place.cluster)!;
  return place.kind === "node" ? `c${index}n${place.node}` : `c${index}cp`;
}
