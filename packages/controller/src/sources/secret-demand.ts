import type { World } from "../world/world.ts";
import type { Source } from "./source.ts";

/** Tells each source which Secrets its cluster's Ingresses name, after each commit that changed it. */
export function watchNamedSecrets(world: World, sources: readonly Source[]): void {
  const byCluster = new Map(sources.map((source) => [source.cluster, source]));
  const changed = new Set<string>();
  for (const { wantedSecrets } of world.edges) {
    world.store.sink(wantedSecrets, (changes) => {
      for (const { key } of changes) changed.add(clusterOf(key));
    });
  }
  world.observe(() => {
    if (changed.size === 0) return;
    const wanted = new Map([...changed].map((cluster) => [cluster, new Set<string>()]));
    changed.clear();
    for (const { wantedSecrets } of world.edges) {
      for (const [, { term }] of wantedSecrets.entries()) {
        wanted.get(clusterOf(term))?.add(term.slice(term.indexOf("/") + 1));
      }
    }
    for (const [cluster, names] of wanted) byCluster.get(cluster)?.wantSecrets(names);
  });
}

/** The first part of `<cluster>/<namespace>/<name>`. */
function clusterOf(key: string): string {
  return key.slice(0, key.indexOf("/"));
}
