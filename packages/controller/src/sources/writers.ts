import { type Kind, KINDS, type RowOf } from "@carrick/core/model";
import type { World } from "../world/world.ts";
import { KindWriter, type RowWriter } from "./kind-writer.ts";

/** Where the rows of each kind of one cluster go. */
export type Writers = { readonly [K in Kind]: RowWriter<RowOf[K]> };

export function createWriters(world: World, cluster: string): Writers {
  const writers = Object.fromEntries(KINDS.map((kind) => [kind, new KindWriter(world, cluster, kind)]));
  return writers as unknown as Writers;
}
