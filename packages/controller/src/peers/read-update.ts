import type { AddressRules } from "@carrick/core/ingest";
import { readClusterMessage, readServiceMessage, readSliceMessage, WrongMessage } from "@carrick/core/ingest/mesh";
import type { ClusterName, ClusterRow, ServiceRow, SliceRow } from "@carrick/core/model";
import { MESH_TYPE } from "@carrick/core/translate/mesh";
import type { Update } from "@carrick/xds";
import type { RowChange } from "../sources/kind-writer.ts";
import type { Range } from "../config/ranges.ts";

/** What a peer may speak of: itself, and endpoints at its own addresses. */
export interface PeerRules extends AddressRules {
  readonly cluster: ClusterName;
  readonly podRanges: readonly Range[];
}

/** The rows that an update of a peer changes, by kind. */
export interface PeerChanges {
  readonly Cluster: readonly RowChange<ClusterRow>[];
  readonly Service: readonly RowChange<ServiceRow>[];
  readonly EndpointSlice: readonly RowChange<SliceRow>[];
}

export type ReadUpdate =
  | { readonly changes: PeerChanges }
  /** By the name of each resource that is refused: why, in one sentence. Nothing of the update may be used. */
  | { readonly refused: ReadonlyMap<string, string> };

/** Reads what a peer says. Whoever is authenticated as one cluster speaks for no other (owner rule). */
export function readUpdate({ type, resources, removed }: Update, rules: PeerRules): ReadUpdate {
  const refused = new Map<string, string>();
  const read = <T>(reader: (name: string, body: Uint8Array) => T): RowChange<T>[] => {
    const changes: RowChange<T>[] = [];
    for (const { name, body } of resources) {
      try {
        requireOwner(name, rules);
        changes.push({ key: keyOf(name), value: reader(name, body) });
      } catch (error) {
        if (!(error instanceof WrongMessage)) throw error;
        refused.set(name, `${name}: ${error.message}`);
      }
    }
    for (const name of removed) if (ownerOf(name) === rules.cluster) changes.push({ key: keyOf(name), deleted: true });
    return changes;
  };
  const changes: PeerChanges = {
    Cluster: type === MESH_TYPE.cluster ? read(readClusterMessage) : [],
    Service: type === MESH_TYPE.service ? read((name, body) => readServiceMessage(name, body, rules)) : [],
    EndpointSlice: type === MESH_TYPE.slice ? read((name, body) => readOwnSlice(name, body, rules)) : [],
  };
  return refused.size > 0 ? { refused } : { changes };
}

function readOwnSlice(name: string, body: Uint8Array, rules: PeerRules): SliceRow {
  const row = readSliceMessage(name, body, rules);
  const foreign = row.endpoints.find(({ address }) => !rules.podRanges.some((range) => range.holds(address)));
  if (foreign === undefined) return row;
  const ranges = rules.podRanges.map(({ text }) => text).join(", ");
  throw new WrongMessage(`has endpoint ${foreign.address}, which is outside of its cluster's pod CIDRs (${ranges})`);
}

function requireOwner(name: string, { cluster }: PeerRules): void {
  if (ownerOf(name) !== cluster) throw new WrongMessage(`belongs to another cluster than ${cluster}, which says it`);
}

function ownerOf(name: string): ClusterName {
  const slash = name.indexOf("/");
  return slash < 0 ? name : name.slice(0, slash);
}

/** As writers know it: `<namespace>/<name>`, or the one object of the kind. */
function keyOf(name: string): string {
  const slash = name.indexOf("/");
  return slash < 0 ? "self" : name.slice(slash + 1);
}
