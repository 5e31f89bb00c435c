import { sourceByKind, type Tables } from "../model/index.ts";

/**
 * Clusters that have not told of all that hosts and routes are made from since this process started, nor has a copy on
 * disk: while there is one, Envoys that hold route tables keep them as they are.
 */
export function unseenClusters(tables: Tables): string[] {
  const unseen = new Set<string>();
  for (const kind of ["Ingress", "IngressClass", "Service"] as const) {
    for (const source of tables.sources.by(sourceByKind, kind)) if (!source.known) unseen.add(source.cluster);
  }
  return [...unseen].sort((a, b) => (a < b ? -1 : 1));
}
