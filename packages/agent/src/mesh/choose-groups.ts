/** Which clusters of an image the kernel has room for, and what is said of the others. */
import type { ImageRow } from "@carrick/core/derive/mesh";
import type { ClusterName } from "@carrick/core/model";
import { type Condition, MAX_GROUPS } from "../bpf/index.ts";
import { CLUSTER_LIMIT } from "./cluster-indexes.ts";

/** How the kernel knows clusters; undefined: it has no room for this one. */
export type IndexOf = (cluster: ClusterName) => number | undefined;

/** Of a list of names, in messages. */
const MOST_NAMES = 5;

export interface ChosenGroup {
  readonly group: ImageRow["groups"][number];
  readonly index: number;
}

export interface Choice {
  /** In the order of the image. */
  readonly groups: readonly ChosenGroup[];
  /** Undefined when every cluster is in. */
  readonly condition: Condition | undefined;
}

/** When not all fit: those that are used first, of these the own cluster and then by name, on every node alike. */
export function chooseGroups({ key, groups }: ImageRow, indexOf: IndexOf, here: ClusterName): Choice {
  const known = groups.flatMap((group): ChosenGroup[] => {
    const index = indexOf(group.cluster);
    return index === undefined ? [] : [{ group, index }];
  });
  const rank = ({ group: { priority, cluster } }: ChosenGroup) => priority * 2 + (cluster === here ? 0 : 1);
  const ordered = known.toSorted((a, b) => rank(a) - rank(b));
  const chosen = new Set(ordered.slice(0, MAX_GROUPS));
  const outside = known.filter((one) => !chosen.has(one)).map(({ group }) => group.cluster);
  const unknown = groups.flatMap(({ cluster }) =>
    known.some(({ group }) => group.cluster === cluster) ? [] : cluster,
  );
  return { groups: known.filter((one) => chosen.has(one)), condition: conditionOf(key, outside, unknown) };
}

function conditionOf(
  key: ImageRow["key"],
  outside: readonly ClusterName[],
  unknown: readonly ClusterName[],
): Condition | undefined {
  const reason = "Full";
  if (outside.length > 0) {
    const message = `${key}: gets no new connections in ${listed([...outside, ...unknown])}, since an image has room for ${MAX_GROUPS} clusters; share the Service from fewer`;
    return { reason, message, limit: MAX_GROUPS };
  }
  if (unknown.length === 0) return undefined;
  const message = `${key}: gets no new connections in ${listed(unknown)}, since map health is full with ${CLUSTER_LIMIT} clusters that this node has met; restart the machine, which forgets those that are gone`;
  return { reason, message, map: "health", limit: CLUSTER_LIMIT };
}

function listed(names: readonly string[]): string {
  const rest = names.length - MOST_NAMES;
  return rest > 0 ? `${names.slice(0, MOST_NAMES).join(", ")} and ${rest} more` : names.join(", ");
}
