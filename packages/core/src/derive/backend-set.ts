import type { ClusterName } from "../model/index.ts";

/** A port of a Service by what clusters have in common: the port's name, or its number where it has no name. */
export interface BackendTarget {
  readonly namespace: string;
  readonly service: string;
  readonly port: string;
}

/** Which clusters' endpoints of a Service belong together. The edge merges those whose objects ask for it. */
export interface BackendSet extends BackendTarget {
  /** Sorted. */
  readonly clusters: readonly ClusterName[];
}

declare const brand: unique symbol;

/** `<namespace>/<service>:<port>@<cluster>+<cluster>…`: a backend set, spelled out. */
export type BackendSetKey = string & { readonly [brand]: "BackendSetKey" };

export function backendSetKey(target: BackendTarget, clusters: Iterable<ClusterName>): BackendSetKey {
  const members = [...new Set(clusters)].sort().join("+");
  return `${target.namespace}/${target.service}:${target.port}@${members}` as BackendSetKey;
}

/** The inverse of `backendSetKey`: names of namespaces, services and clusters have none of the separators. */
export function parseBackendSetKey(key: string): BackendSet {
  const at = key.indexOf("@");
  const colon = key.indexOf(":");
  const slash = key.indexOf("/");
  return {
    namespace: key.slice(0, slash),
    service: key.slice(slash + 1, colon),
    port: key.slice(colon + 1, at),
    clusters: key.slice(at + 1).split("+"),
  };
}
