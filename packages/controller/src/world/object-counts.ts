import { type ClusterName, type Kind, KINDS, type ObjectRow } from "@carrick/core/model";
import type { World } from "./world.ts";

/** How many objects of each kind each cluster has, counted as they come and go. */
export class ObjectCounts {
  readonly #counts = new Map<Kind, Map<ClusterName, number>>();

  constructor(world: World) {
    for (const kind of KINDS) {
      const counts = new Map<ClusterName, number>();
      this.#counts.set(kind, counts);
      world.store.sink<ObjectRow>(world.tables[kind], (changes) => {
        for (const { old, new: now } of changes) {
          if (old !== undefined) counts.set(old.cluster, (counts.get(old.cluster) ?? 0) - 1);
          if (now !== undefined) counts.set(now.cluster, (counts.get(now.cluster) ?? 0) + 1);
        }
      });
    }
  }

  of(cluster: ClusterName, kind: Kind): number {
    return this.#counts.get(kind)?.get(cluster) ?? 0;
  }
}
