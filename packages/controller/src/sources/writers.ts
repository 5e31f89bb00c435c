import { type Kind, KINDS, type RowOf } from "@carrick/core/model";
import type { World } from "../world/world.ts";
import { KindWriter, type RowWriter } from "./kind-writer.ts";

/** Where the rows of each kind of one cluster go. */
export type Writers<K extends Kind = Kind> = { readonly [Each in K]: RowWriter<RowOf[Each]> };

export function createWriters<K extends Kind = Kind>(
  world: World,
  cluster: string,
  kinds: readonly K[] = KINDS as readonly Kind[] as readonly K[],
): Writers<K> {
  const writers = Object.fromEntries(kinds.map((kind) => [kind, new KindWriter(world, cluster, kind)]));
  return writers as unknown as Writers<K>;
}
