import { sourceByKind, type Tables } from "../model/index.ts";
import { same, type Store, type Table } from "../store/index.ts";
import type { Fleet } from "./fleet.ts";
import { type HostRow, pendingHosts } from "./hosts.ts";

/**
 * Whether what is derived rests on the whole world: while something is unknown, a missing name may only be unknown. One
 * row for `ROUTES` and one for `CERTIFICATES`, so that what reads only of routes is not computed again whenever a
 * certificate is looked up.
 */
export interface KnownRow {
  readonly known: boolean;
}

/** Every source has told of all its Ingresses, classes and Services: hosts and backend sets are complete. */
export const ROUTES = "routes";

/** Besides, every certificate that a host names has been looked up. */
export const CERTIFICATES = "certificates";

export function known(
  store: Store,
  tables: Tables,
  fleetRow: Table<Fleet>,
  hosts: Table<HostRow>,
  fleet: Fleet,
): Table<KnownRow> {
  // A group, because there is one row however many hosts wait.
  const pending = store.groups(`${fleet.name}/pending`, hosts, pendingHosts);
  return store.view<Fleet, KnownRow>(
    `${fleet.name}/known`,
    fleetRow,
    (_row, _key, read) => {
      const routes = (["Ingress", "IngressClass", "Service"] as const).every((kind) =>
        read.by(tables.sources, sourceByKind, kind).every((source) => source.known),
      );
      const certificates = read.get(pending, "any") === undefined && routes;
      return [
        [ROUTES, { known: routes }],
        [CERTIFICATES, { known: certificates }],
      ];
    },
    same,
  );
}
