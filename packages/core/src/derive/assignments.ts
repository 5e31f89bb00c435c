import { type ClusterName, objectKey, sliceByService, type Tables } from "../model/index.ts";
import { type Group as StoreGroup, type Reader, same, type Store, type Table } from "../store/index.ts";
import { type BackendSet, type BackendSetKey, parseBackendSetKey } from "./backend-set.ts";
import type { ClusterState } from "./cluster-states.ts";
import type { Fleet } from "./fleet.ts";
import { type HostRow, hostBySet } from "./hosts.ts";
import { type Candidate, type Member, select, type Selection } from "./select.ts";

/** A backend set with the endpoints that were selected for it. */
export interface AssignmentRow extends Selection {
  readonly set: BackendSetKey;
  /** A member's endpoints are not known yet: there may be more. */
  readonly partial: boolean;
}

/** The backend sets that hosts name, one row each. */
export function backendSets(store: Store, hosts: Table<HostRow>, fleet: Fleet): Table<StoreGroup<BackendSetKey>> {
  return store.groups(`${fleet.name}/backend-sets`, hosts, hostBySet);
}

export function assignments(
  store: Store,
  tables: Tables,
  sets: Table<StoreGroup<BackendSetKey>>,
  states: Table<ClusterState>,
  fleet: Fleet,
): Table<AssignmentRow> {
  return store.view(
    `${fleet.name}/assignments`,
    sets,
    ({ term: key }, _, read) => {
      const set = parseBackendSetKey(key);
      const members: Member[] = [];
      let partial = false;
      for (const cluster of set.clusters) {
        const state = read.get(states, cluster);
        if (state?.endpointsKnown !== true) partial = true;
        const endpoints = candidates(set, cluster, tables, read);
        members.push({ cluster, weight: state?.weight ?? 1, drain: state?.drain ?? false, endpoints });
      }
      return [[key, { set: key, partial, ...select(members) }]];
    },
    same,
  );
}

function candidates(set: BackendSet, cluster: ClusterName, tables: Tables, read: Reader): Candidate[] {
  const key = objectKey(cluster, set.namespace, set.service);
  const service = read.get(tables.Service, key);
  // Slices repeat the name of the Service's port; the set names a port without a name by its number.
  const port = service?.ports.find((candidate) => (candidate.name || String(candidate.port)) === set.port);
  if (port === undefined) return [];
  return read.by(tables.EndpointSlice, sliceByService, key).flatMap((slice) => {
    const target = slice.ports.find(
      (candidate) => candidate.name === port.name && candidate.protocol === port.protocol,
    );
    if (target === undefined) return [];
    return slice.endpoints.map(({ address, condition }) => ({ address, port: target.port, condition }));
  });
}
