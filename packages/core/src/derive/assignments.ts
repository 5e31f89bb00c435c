import { type ClusterName, objectKey, type Tables } from "../model/index.ts";
import { type Group as StoreGroup, same, type Store, type Table } from "../store/index.ts";
import { type BackendSetKey, parseBackendSetKey } from "./backend-set.ts";
import type { ClusterState } from "./cluster-states.ts";
import type { Fleet } from "./fleet.ts";
import { type HostRow, hostBySet } from "./hosts.ts";
import { candidatesOf, membersOf, portNamed } from "./members.ts";
import { type Member, select, type Selection } from "./select.ts";

/** A backend set with the endpoints that were selected for it. */
export interface AssignmentRow extends Selection {
  readonly set: BackendSetKey;
  /** Sorted: those that hosts ask for, and those that share a global Service with them. */
  readonly clusters: readonly ClusterName[];
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
      const { clusters, partial } = membersOf(set.namespace, set.service, set.clusters, tables, read);
      let known = !partial;
      const members = clusters.map((cluster): Member => {
        const state = read.get(states, cluster);
        if (state?.endpointsKnown !== true) known = false;
        const service = read.get(tables.Service, objectKey(cluster, set.namespace, set.service));
        const port = portNamed(service, set.port, "TCP");
        const endpoints = service && port ? candidatesOf(service, port, tables, read) : [];
        return { cluster, weight: state?.weight ?? 1, drain: state?.drain ?? false, endpoints };
      });
      return [[key, { set: key, clusters, partial: !known, ...select(members) }]];
    },
    same,
  );
}
