import { toBinary } from "@bufbuild/protobuf";
import { VirtualHostSchema } from "@carrick/proto/envoy/config/route/v3/route_components_pb.js";
import { ScopedRouteConfigurationSchema } from "@carrick/proto/envoy/config/route/v3/scoped_route_pb.js";
import { create } from "@bufbuild/protobuf";
import {
  type ChainRow,
  type EdgeEnvironment,
  type Fleet,
  type HostRow,
  HTTP,
  type KnownRow,
  type PlacementRow,
  layoutsOf,
  ROUTES,
  splitTables,
  tableOf,
  type TablePlan,
  type TableSlot,
} from "../derive/index.ts";
import { type Index, index, type Reader, same, type Store, type Table } from "../store/index.ts";
import { upstreamName } from "./backends.ts";
import { encode, resource, type ResourceRow, sameResource } from "./resource.ts";
import { answerHost, missHost, routeTableBytes } from "./route-table.ts";
import { virtualHost } from "./virtual-host.ts";

/** The host for everything that no other host takes. */
const DEFAULT_HOST = "*";

interface VirtualHostRow {
  readonly domain: string;
  /** One in each layout of its chain; none for the default host, which stands in several tables. */
  readonly tables: readonly string[];
  readonly bytes: Uint8Array;
}

const byTable: Index<VirtualHostRow> = index("table", (row) => row.tables);

/** What the tables are made from. */
export interface RouteInputs {
  readonly hosts: Table<HostRow>;
  readonly placements: Table<PlacementRow>;
  readonly plans: Table<TablePlan>;
  readonly slots: Table<TableSlot>;
  readonly chains: Table<ChainRow>;
  readonly known: Table<KnownRow>;
}

/** Every host of a chain, encoded once; a change of one costs its own encoding and the joining of its table. */
export function virtualHosts(
  store: Store,
  { hosts, placements, plans }: RouteInputs,
  fleet: Fleet,
  env: EdgeEnvironment,
): Table<VirtualHostRow> {
  return store.view<PlacementRow, VirtualHostRow>(
    `${fleet.name}/virtual-hosts`,
    placements,
    (placement, key, read) => {
      const host = read.get(hosts, placement.host);
      const plan = read.get(plans, placement.chain);
      if (host === undefined || plan === undefined) return [];
      const { domain, redirect } = placement;
      const wild = domain.startsWith("*.");
      const message = virtualHost({
        domain,
        routes: host.routes,
        redirect,
        fallback: (wild && placement.chain === HTTP && read.get(hosts, DEFAULT_HOST)?.routes) || [],
        upstream: (set) => upstreamName(set, env),
      });
      const tables =
        domain === DEFAULT_HOST ? [] : layoutsOf(plan).map((layout) => tableOf(plan.chain, layout, domain));
      return [[key, { domain, tables, bytes: toBinary(VirtualHostSchema, message) }]];
    },
    same,
    [byTable],
  );
}

export function routeTableResources(
  store: Store,
  rows: Table<VirtualHostRow>,
  { slots, chains, known }: RouteInputs,
  fleet: Fleet,
  env: EdgeEnvironment,
): Table<ResourceRow> {
  return store.view<TableSlot, ResourceRow>(
    `${fleet.name}/RDS`,
    slots,
    (slot, _key, read) => {
      const placed = read.by(rows, byTable, slot.table).sort((a, b) => (a.domain < b.domain ? -1 : 1));
      const others = slot.holds === "exact" ? [missHost()] : catchAll(slot, placed, rows, chains, read);
      const bytes = routeTableBytes(slot, [...placed.map((row) => row.bytes), ...others]);
      const partial = read.get(known, ROUTES)?.known !== true;
      return [[slot.table, resource(slot.table, bytes, partial, env)]];
    },
    sameResource,
  );
}

/**
 * What a table answers for hosts that it does not have. Plain: the default host, or Envoy's own 404. TLS: 404 for
 * names of the certificate, 421 for others, which a client can only reach by re-using a connection (RFC 9110, 15.5.20).
 */
function catchAll(
  slot: TableSlot,
  placed: readonly VirtualHostRow[],
  rows: Table<VirtualHostRow>,
  chains: Table<ChainRow>,
  read: Reader,
): Uint8Array[] {
  if (slot.chain === HTTP) {
    const fallback = read.get(rows, `${HTTP}|${DEFAULT_HOST}`);
    return fallback === undefined ? [] : [fallback.bytes];
  }
  const taken = new Set(placed.map((row) => row.domain));
  const names = (read.get(chains, slot.chain)?.names ?? []).filter((name) => !taken.has(name));
  return [
    ...(names.length > 0 ? [answerHost("|certificate", names, 404)] : []),
    answerHost(DEFAULT_HOST, [DEFAULT_HOST], 421),
  ];
}

/** Maps the header that the table filter sets to route tables, for the chains that have more than one. */
export function scopeResources(
  store: Store,
  plans: Table<TablePlan>,
  fleet: Fleet,
  env: EdgeEnvironment,
): Table<ResourceRow> {
  return store.view<TablePlan, ResourceRow>(
    `${fleet.name}/SRDS`,
    plans,
    (plan) => {
      if (!layoutsOf(plan).includes("split")) return [];
      const { exact, wild } = splitTables(plan.chain);
      return [...exact, ...wild].map((name) => {
        const scope = create(ScopedRouteConfigurationSchema, {
          name,
          routeConfigurationName: name,
          key: { fragments: [{ type: { case: "stringKey", value: name } }] },
        });
        return [name, resource(name, encode(ScopedRouteConfigurationSchema, scope), false, env)];
      });
    },
    sameResource,
  );
}
