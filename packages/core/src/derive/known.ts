import { sourceByKind, type Tables } from "../model/index.ts";
import { same, type Store, type Table } from "../store/index.ts";
import type { Fleet } from "./fleet.ts";
import { type HostRow, pendingHosts } from "./hosts.ts";

/** How much of the world the derived rows rest on. While something is unknown, a missing name may only be unknown. */
export interface KnownRow {
  /** Every source has told of all its Ingresses, classes and Services: hosts and backend sets are complete. */
  readonly routes: boolean;
  /** Besides, every certificate that a host names has been looked up. */
  readonly certificates: boolean;
}

export const KNOWN = "known";

export function known(
  store: Store,
  tables: Tables,
  fleetRow: Table<Fleet>,
  hosts: Table<HostRow>,
  fleet: Fleet,
): Table<KnownRow> {
  return store.view(
    `${fleet.name}/known`,
    fleetRow,
    (_row, _key, read) => {
      const routes = (["Ingress", "IngressClass", "Service"] as const).every((kind) =>
        read.by(tables.sources, sourceByKind, kind).every((source) => source.known),
      );
      return [[KNOWN, { routes, certificates: routes && read.by(hosts, pendingHosts, "any").length === 0 }]];
    },
    same,
  );
}
