import { type Base, type Group, type Index, index, type RowsFunction, Store, type Table, type Term } from "./index.ts";
import { same } from "./same.ts";

/** A graph of views that has every kind of dependency, for random histories. */

export interface Node {
  readonly zone: string;
  readonly version: number;
}
interface Service {
  readonly alias: string;
  readonly limit: number;
  readonly version: number;
}
interface Backend {
  readonly services: readonly string[];
  readonly node: string;
  readonly ready: boolean;
  readonly version: number;
}
interface Placed {
  readonly id: string;
  readonly services: readonly string[];
  readonly zone: string;
  readonly ready: boolean;
}
interface Members {
  readonly service: string;
  readonly zone: string;
  readonly ids: readonly string[];
}
interface Name {
  readonly service: string;
  readonly rank: number;
}
interface Zone {
  readonly total: number;
  readonly names: readonly string[];
}
interface Link {
  readonly total: number;
  readonly sibling: number;
  readonly ranked: number;
}

const byService: Index<Backend> = index("service", (row) => row.services);
const byNode: Index<Backend> = index("node", (row) => [row.node]);
const placedByService: Index<Placed> = index("service", (row) => row.services);
const placedByZone: Index<Placed> = index("zone", (row) => [row.zone]);
const membersByZone: Index<Members> = index("zone", (row) => [row.zone]);
const namesByRank: Index<Name, number> = index("rank", (row) => [row.rank]);

export type Indexes = readonly Index<unknown, Term>[];

interface Defined {
  readonly table: Table<unknown>;
  readonly indexes: Indexes;
  /** The table that drives a view. */
  readonly driver?: string;
}

export type Wrap = <I, O>(view: string, rows: RowsFunction<I, O>) => RowsFunction<I, O>;

export interface Graph {
  readonly store: Store;
  readonly nodes: Base<Node>;
  readonly services: Base<Service>;
  readonly backends: Base<Backend>;
  readonly tables: readonly Defined[];
}

export function sameVersionless<T extends { readonly version: number }>(a: T, b: T): boolean {
  return same({ ...a, version: 0 }, { ...b, version: 0 });
}

export function build(wrap: Wrap): Graph {
  const store = new Store();
  const tables: Defined[] = [];
  function view<I, O>(
    name: string,
    driver: Table<I>,
    rows: RowsFunction<I, O>,
    indexes: readonly Index<O, Term>[] = [],
    equal: (a: O, b: O) => boolean = same,
  ): Table<O> {
    const table = store.view(name, driver, wrap(name, rows), equal, indexes);
    tables.push({ table, indexes: indexes, driver: driver.name });
    return table;
  }
  function groups<T, A extends Term>(name: string, from: Table<T>, on: Index<T, A>): Table<Group<A>> {
    const table = store.groups(name, from, on);
    tables.push({ table, indexes: [] });
    return table;
  }
  const nodes = store.table<Node>("nodes", [], sameVersionless);
  const services = store.table<Service>("services", [], sameVersionless);
  const backends = store.table<Backend>("backends", [byService, byNode], sameVersionless);
  tables.push({ table: nodes, indexes: [] }, { table: services, indexes: [] });
  tables.push({ table: backends, indexes: [byService, byNode] });

  const placed = view<Backend, Placed>(
    "placed",
    backends,
    (row, id, read) => {
      const zone = read.get(nodes, row.node)?.zone;
      if (zone === undefined && !row.ready) return [];
      return [[id, { id, services: row.services, zone: zone ?? "none", ready: row.ready }]];
    },
    [placedByService, placedByZone],
  );
  const members = view<Service, Members>(
    "members",
    services,
    function* (_row, service, read) {
      const zones = new Map<string, string[]>();
      for (const one of read.by(placed, placedByService, service)) {
        if (one.zone === "bad") throw new Error(`${one.id} is in no zone that we know`);
        if (one.ready) zones.set(one.zone, [...(zones.get(one.zone) ?? []), one.id]);
      }
      for (const [zone, ids] of zones) yield [`${service}@${zone}`, { service, zone, ids: ids.sort() }];
    },
    [membersByZone],
  );
  // The alias moves between services: as an output of one, then of another.
  const names = view<Service, Name>(
    "names",
    services,
    (row, service, read) => {
      const ready = read.by(placed, placedByService, service).filter((one) => one.ready).length;
      return [
        [`alias ${row.alias}`, { service, rank: ready > row.limit ? 1 : 0 }],
        [service, { service: row.alias, rank: 2 }],
      ];
    },
    [namesByRank],
  );
  const zones = groups("zones", placed, placedByZone);
  const ranks = groups("ranks", names, namesByRank);
  const perZone = view<Group<string>, Zone>("per-zone", zones, (group, key, read) => {
    const found = read.by(members, membersByZone, group.term);
    const total = found.reduce((sum, one) => sum + one.ids.length, 0);
    return [[key, { total, names: found.map((one) => read.get(names, one.service)?.service ?? "?").sort() }]];
  });
  view<Group<number>, { readonly services: readonly string[]; readonly first: number }>(
    "per-rank",
    ranks,
    (group, key, read) => [
      [
        key,
        {
          services: read
            .by(names, namesByRank, group.term)
            .map((one) => one.service)
            .sort(),
          first: read.get(perZone, "z1")?.total ?? -1,
        },
      ],
    ],
  );
  const links = view<Members, Link>("links", members, function* (row, key, read) {
    const total = read.get(perZone, row.zone)?.total ?? 0;
    const sibling = read.get(members, `${row.service}@z2`)?.ids.length ?? 0;
    yield [`${key}/a`, { total, sibling, ranked: 0 }];
    if (total > 4) throw new Error(`${row.zone} is full`);
    if (total % 2 === 0) yield [`${key}/b`, { total, sibling, ranked: read.by(names, namesByRank, 1).length }];
  });
  const coarse = view<Link, { readonly big: boolean; readonly total: number }>(
    "coarse",
    links,
    (row, key) => [[key, { big: row.total > 2, total: row.total > 2 ? 3 : 2 }]],
    [],
    (a, b) => a.big === b.big,
  );
  view<{ readonly big: boolean; readonly total: number }, string>("last", coarse, (row, key, read) => {
    if (!row.big) return [];
    const backend = read.by(backends, byNode, "n0").length + read.by(backends, byService, "s1").length;
    return [[key, `${row.total} ${backend} ${read.get(members, "s0@z1")?.ids.join() ?? ""}`]];
  });
  return { store, nodes, services, backends, tables };
}
