import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Base,
  type Group,
  type Index,
  index,
  type Reader,
  type RowsFunction,
  Store,
  type Table,
  type Term,
} from "./index.ts";
import { same } from "./same.ts";

// Random histories over a graph that has every kind of dependency. `SEED=<n>` runs the history of one seed alone.
const HISTORIES = 2000;
const COMMITS = 200;

interface Node {
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

type Indexes = readonly Index<unknown, Term>[];

interface Defined {
  readonly table: Table<unknown>;
  readonly indexes: Indexes;
  /** The table that drives a view. */
  readonly driver?: string;
}

type Wrap = <I, O>(view: string, rows: RowsFunction<I, O>) => RowsFunction<I, O>;

interface Graph {
  readonly store: Store;
  readonly nodes: Base<Node>;
  readonly services: Base<Service>;
  readonly backends: Base<Backend>;
  readonly tables: readonly Defined[];
}

function sameVersionless<T extends { readonly version: number }>(a: T, b: T): boolean {
  return same({ ...a, version: 0 }, { ...b, version: 0 });
}

function build(wrap: Wrap): Graph {
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

function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

/** One random write. Aliases stay unique, since `names` makes one output for each. */
function write(graph: Graph, random: (below: number) => number, version: number): void {
  const { nodes, services, backends } = graph;
  const backend = `b${random(6)}`;
  const service = `s${random(4)}`;
  const node = `n${random(3)}`;
  const old = backends.get(backend);
  const known = services.get(service);
  switch (random(14)) {
    case 0:
    case 1:
    case 2: {
      const two = random(4) === 0 ? [`s${random(4)}`] : [];
      return backends.set(backend, { services: [service, ...two], node, ready: random(3) > 0, version });
    }
    case 3:
    case 4:
    case 5:
      return old && backends.set(backend, { ...old, ready: !old.ready, version });
    case 6:
      return backends.delete(backend);
    case 7:
      return nodes.set(node, { zone: random(12) === 0 ? "bad" : `z${random(3)}`, version });
    case 8:
      return nodes.get(node)?.zone === "bad" || random(3) === 0 ? nodes.delete(node) : undefined;
    case 9:
      return random(4) === 0 ? services.delete(service) : undefined;
    case 10: {
      const taken = new Set([...services.entries()].map(([key, row]) => (key === service ? "" : row.alias)));
      const alias = ["p", "q", "r", "s", "t"].filter((one) => !taken.has(one))[random(2)]!;
      return services.set(service, { alias, limit: random(3), version });
    }
    case 11: {
      const key = `s${random(4)}`;
      const other = services.get(key);
      if (known === undefined || other === undefined || key === service) return;
      if (random(2) === 0) services.set(key, { ...other, alias: known.alias, version });
      else services.delete(key);
      return services.set(service, { ...known, alias: other.alias, version });
    }
    case 12:
      // Rows that are the same as they were, also after a detour.
      if (old === undefined) return;
      if (random(2) === 0) backends.delete(backend);
      else backends.set(backend, { ...old, ready: !old.ready, version });
      return backends.set(backend, { ...old, version });
    default:
      return known && services.set(service, { ...known, version });
  }
}

interface Computed {
  readonly reads: ReadonlySet<string>;
  /** Of the last computation that did not throw. */
  readonly outputs: readonly (readonly [string, unknown])[];
  readonly failed: boolean;
}

/** One view as seen from outside: what each driver row read and made, and what was called in the last commit. */
class Watched {
  readonly computed = new Map<string, Computed>();
  readonly calls: [key: string, Computed][] = [];

  watch<I, O>(rows: RowsFunction<I, O>): RowsFunction<I, O> {
    return (row, key, read) => {
      const reads = new Set<string>();
      const watched: Reader = {
        get: (table, rowKey) => (reads.add(`${table.name} ${rowKey}`), read.get(table, rowKey)),
        by: (table, on, term) => (reads.add(`${table.name}.${on.name} ${term}`), read.by(table, on, term)),
      };
      try {
        const outputs = [...rows(row, key, watched)];
        this.calls.push([key, { reads, outputs, failed: false }]);
        return outputs;
      } catch (error) {
        this.calls.push([key, { reads, outputs: this.computed.get(key)?.outputs ?? [], failed: true }]);
        throw error;
      }
    };
  }
}

/** Works out what each commit must compute, from how the tables differ and from what was read before. */
class Witness {
  readonly graph: Graph;
  readonly #views = new Map<string, Watched>();
  readonly #rows = new Map<string, Map<string, unknown>>();
  #recomputed = 0;

  constructor() {
    this.graph = build((name, rows) => {
      const view = new Watched();
      this.#views.set(name, view);
      return view.watch(rows);
    });
    for (const { table } of this.graph.tables) this.#rows.set(table.name, new Map());
  }

  /** Call it after each commit. */
  checkComputed(): void {
    const touched = new Set<string>();
    const changed = new Map<string, string[]>();
    let count = 0;
    for (const { table, indexes, driver } of this.graph.tables) {
      const view = this.#views.get(table.name);
      if (view !== undefined && driver !== undefined) {
        const rows = this.#rows.get(driver)!;
        const expected = new Set(changed.get(driver));
        if (touched.size > 0) {
          for (const [key, { reads }] of view.computed) if (!touched.isDisjointFrom(reads)) expected.add(key);
        }
        for (const key of expected) {
          if (rows.has(key)) continue;
          expected.delete(key);
          view.computed.delete(key);
        }
        const called = new Set(view.calls.map(([key]) => key));
        if (called.size !== view.calls.length || called.size !== expected.size || !called.isSubsetOf(expected)) {
          assert.deepEqual(view.calls.map(([key]) => key).sort(), [...expected].sort(), `computed in ${table.name}`);
        }
        count += called.size;
        for (const [key, computed] of view.calls.splice(0)) view.computed.set(key, computed);
      }
      changed.set(table.name, this.#diff(table, indexes, view === undefined, touched));
    }
    assert.equal(this.graph.store.recomputed - this.#recomputed, count);
    this.#recomputed = this.graph.store.recomputed;
  }

  /** Each table holds the last good outputs; rows that threw are failures; a store built anew is equal, if none did. */
  checkRows(): boolean {
    const failures: string[] = [];
    for (const { table } of this.graph.tables) {
      const view = this.#views.get(table.name);
      if (view === undefined) continue;
      const expected = [...view.computed.values()].flatMap(({ outputs }) => outputs);
      for (const [key, row] of expected) {
        // A coarse equality keeps the older of two equal rows.
        if (table.name === "coarse" || table.name === "last") assert.ok(table.get(key) !== undefined);
        else assert.ok(same(table.get(key), row), `${table.name} ${key}`);
      }
      assert.equal(table.size, expected.length, table.name);
      for (const [key, { failed }] of view.computed) if (failed) failures.push(`${table.name} ${key}`);
    }
    assert.deepEqual(
      this.graph.store
        .failures()
        .map(({ view, key }) => `${view} ${key}`)
        .sort(),
      failures.sort(),
    );
    if (failures.length > 0) return false;
    const { nodes, services, backends } = this.graph;
    const fresh = build((_, rows) => rows);
    fresh.store.commit(() => {
      for (const [key, row] of backends.entries()) fresh.backends.set(key, row);
      for (const [key, row] of services.entries()) fresh.services.set(key, row);
      for (const [key, row] of nodes.entries()) fresh.nodes.set(key, row);
    });
    for (const [slot, { table }] of this.graph.tables.entries()) {
      assert.deepEqual(new Map(table.entries()), new Map(fresh.tables[slot]!.table.entries()), table.name);
    }
    return true;
  }

  #diff(table: Table<unknown>, indexes: Indexes, written: boolean, touched: Set<string>): string[] {
    const before = this.#rows.get(table.name)!;
    const changed: string[] = [];
    const touch = (key: string, ...rows: unknown[]) => {
      changed.push(key);
      touched.add(`${table.name} ${key}`);
      for (const on of indexes) {
        for (const row of rows) for (const term of on.terms(row)) touched.add(`${table.name}.${on.name} ${term}`);
      }
    };
    let kept = 0;
    for (const [key, row] of table.entries()) {
      const old = before.get(key);
      if (old !== undefined) kept++;
      if (old === row) continue;
      before.set(key, row);
      if (old === undefined) touch(key, row);
      else if (!written || !sameVersionless(old as Node, row as Node)) touch(key, old, row);
      if (old === undefined) kept++;
    }
    if (before.size > kept) {
      for (const [key, old] of before) {
        if (table.get(key) !== undefined) continue;
        before.delete(key);
        touch(key, old);
      }
    }
    return changed;
  }
}

function runHistory(seed: number): { compared: number; failing: number } {
  const random = randomOf(seed);
  const witness = new Witness();
  const { store, nodes, services, backends } = witness.graph;
  const broken = new Error("the source broke off");
  let compared = 0;
  let failing = 0;
  for (let step = 0; step < COMMITS; step++) {
    const breaks = random(25) === 0;
    const commit = () =>
      store.commit(() => {
        for (let writes = random(3) + 1; writes > 0; writes--) write(witness.graph, random, step);
        if (breaks) throw broken;
      });
    if (breaks) assert.throws(commit, broken);
    else assert.equal(commit(), step + 1);
    witness.checkComputed();
    if (step % 67 === 66) {
      if (witness.checkRows()) compared++;
      else failing++;
    }
  }
  store.commit(() => {
    for (const [key, row] of nodes.entries()) if (row.zone === "bad") nodes.set(key, { ...row, zone: "z0" });
    // At most four backends are left, so that no zone is full.
    for (const key of ["b0", "b1"]) backends.delete(key);
    for (const [key, row] of backends.entries()) backends.set(key, { ...row, services: row.services.slice(0, 1) });
  });
  witness.checkComputed();
  assert.ok(witness.checkRows(), "nothing fails any more");
  store.commit(() => {
    for (const table of [nodes, services, backends]) for (const [key] of table.entries()) table.delete(key);
  });
  witness.checkComputed();
  assert.ok(witness.checkRows());
  return { compared, failing };
}

test(`${HISTORIES} random histories of ${COMMITS} commits end as a store built anew, and compute only what they must`, () => {
  const only = process.env["SEED"];
  const seeds = only === undefined ? Array.from({ length: HISTORIES }, (_, i) => i + 1) : [Number(only)];
  let compared = 0;
  let failing = 0;
  for (const seed of seeds) {
    try {
      const history = runHistory(seed);
      compared += history.compared;
      failing += history.failing;
    } catch (error) {
      throw new Error(`history ${seed} (run it alone with SEED=${seed}): ${String(error)}`, { cause: error });
    }
  }
  if (only !== undefined) return;
  assert.ok(compared > HISTORIES && failing > HISTORIES / 10, `${compared} middles equal, ${failing} with failed rows`);
});
