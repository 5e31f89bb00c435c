/**
 * A small world for random histories: listeners, scopes, route tables, clusters, endpoints and certificates that name
 * each other, from two sources. It is whole after every change: what is named exists.
 */
import {
  CLUSTER,
  ENDPOINTS,
  LISTENER,
  type Resource,
  ROUTES,
  SCOPED_ROUTES,
  SECRET,
  type TypeUrl,
} from "@carrick/xds/protocol";
import { type Meaning, resourceOf } from "./meaning.ts";
import { pick, type Random } from "./random.ts";
import { TableView } from "./table-view.ts";

export const EDGE_TYPES: readonly TypeUrl[] = [SECRET, CLUSTER, ENDPOINTS, SCOPED_ROUTES, ROUTES, LISTENER];
/** Types of which one resource in a while is bad. */
const MAY_BE_BAD: readonly TypeUrl[] = [SECRET, CLUSTER, ENDPOINTS, ROUTES, LISTENER];

type Bad = Meaning["bad"];
type Origin = "london" | "paris" | "both";

interface ClusterRow {
  origin: Origin;
  /** Its endpoints are gone, the cluster is still there. */
  bare: boolean;
  london: number;
  paris: number;
}

const CLUSTERS = ["c0", "c1", "c2", "c3", "c4", "c5"];
/** Tables that listeners name, and tables that they find by scopes of the same name. */
const NAMED = ["t0", "t1", "t2"];
const SCOPED = ["k0", "k1", "k2"];
const TABLES = [...NAMED, ...SCOPED];
const LISTENERS = ["http", "https"];
const SECRETS = ["s0", "s1"];

export type Rows = ReadonlyMap<TypeUrl, ReadonlyMap<string, Resource>>;

export class EdgeWorld {
  readonly #random: Random;
  readonly #clusters = new Map<string, ClusterRow>();
  readonly #tables = new Map<string, Set<string>>();
  readonly #listeners = new Map<string, { scoped: boolean; tables: Set<string>; secrets: Set<string> }>();
  readonly #bad = new Map<string, Bad>();
  readonly #salts = new Map<string, number>();
  /** Clusters, tables and secrets that were bad at some time: what names them may have suffered. */
  readonly tainted = new Set<string>();

  /** Clusters that were removed at some time. */
  readonly dropped = new Set<string>();
  /** Clusters without endpoints at some time. */
  readonly emptied = new Set<string>();

  constructor(random: Random) {
    this.#random = random;
    for (let writes = 0; writes < 12; writes++) this.write(false);
  }

  /** One random change; `faults` allows bad resources. */
  write(faults: boolean): void {
    const random = this.#random;
    switch (random(faults ? 12 : 10)) {
      case 0:
      case 1:
        return this.#setCluster(pick(random, CLUSTERS));
      case 2:
        return this.#dropCluster(pick(random, CLUSTERS));
      case 3:
      case 4:
        return this.#setTable(pick(random, TABLES));
      case 5:
        return this.#dropTable(pick(random, TABLES));
      case 6:
        return this.#setListener(pick(random, LISTENERS));
      case 7:
        return void (random(4) === 0 && this.#listeners.delete(pick(random, LISTENERS)));
      case 8:
        return this.#setEndpoints(pick(random, CLUSTERS));
      case 9:
        return this.#salt(pick(random, EDGE_TYPES));
      default:
        return this.#setBad(pick(random, MAY_BE_BAD));
    }
  }

  /** Nothing is bad any more. */
  repair(): void {
    this.#bad.clear();
  }

  clear(): void {
    for (const rows of [this.#listeners, this.#tables, this.#clusters, this.#bad]) rows.clear();
  }

  /** All resources, as seen by who knows both sources, or all but `paris`. */
  rows(parisKnown: boolean): Rows {
    const rows = new Map(EDGE_TYPES.map((type) => [type, new Map<string, Resource>()]));
    const partial = parisKnown ? {} : { partial: true };
    const put = (type: TypeUrl, name: string, meaning: Meaning, more: Meaning = {}) => {
      const bad = this.#bad.get(`${type} ${name}`);
      const salt = this.#salts.get(`${type} ${name}`);
      rows.get(type)!.set(name, resourceOf(name, { ...meaning, ...more, ...(bad && { bad }), ...(salt && { salt }) }));
    };
    for (const [name, row] of this.#clusters) {
      if (row.origin === "paris" && !parisKnown) continue;
      put(CLUSTER, name, {});
      const endpoints = ["london", ...(parisKnown ? ["paris"] : [])].flatMap((from) =>
        Array.from({ length: row[from as "london" | "paris"] }, (_, i) => `${from}/${i}`),
      );
      if (row.bare && parisKnown) continue;
      put(
        ENDPOINTS,
        name,
        { endpoints: row.bare ? [] : endpoints },
        row.origin === "london" && !row.bare ? {} : partial,
      );
    }
    for (const [name, clusters] of this.#tables) {
      const known = [...clusters].filter((cluster) => rows.get(CLUSTER)!.has(cluster)).sort();
      put(ROUTES, name, { clusters: known }, partial);
    }
    for (const name of SCOPED) if (this.#tables.has(name)) put(SCOPED_ROUTES, name, { table: name });
    for (const [name, { scoped, tables, secrets }] of this.#listeners) {
      put(LISTENER, name, { [scoped ? "scopes" : "tables"]: [...tables].sort(), secrets: [...secrets].sort() });
      for (const secret of secrets) put(SECRET, secret, {});
    }
    return rows;
  }

  /** The endpoints of a cluster that come from `paris`. */
  parisEndpoints(cluster: string): number {
    const row = this.#clusters.get(cluster);
    return row === undefined || row.bare ? 0 : row.paris;
  }

  /** Whether the cluster is there, but no endpoints. */
  isBare(cluster: string): boolean {
    return this.#clusters.get(cluster)?.bare === true;
  }

  #setCluster(name: string): void {
    if (this.#clusters.has(name)) return this.#saltOf(CLUSTER, name);
    const origin = pick<Origin>(this.#random, ["london", "paris", "both"]);
    this.#clusters.set(name, {
      origin,
      bare: false,
      london: origin === "paris" ? 0 : 1,
      paris: origin === "london" ? 0 : 1,
    });
  }

  #dropCluster(name: string): void {
    if (this.#clusters.delete(name)) this.dropped.add(name);
    for (const clusters of this.#tables.values()) clusters.delete(name);
    for (const type of [CLUSTER, ENDPOINTS]) this.#bad.delete(`${type} ${name}`);
  }

  #setTable(name: string): void {
    const known = [...this.#clusters.keys()];
    const clusters = new Set<string>();
    for (let count = this.#random(3); count > 0 && known.length > 0; count--) clusters.add(pick(this.#random, known));
    this.#tables.set(name, clusters);
  }

  #dropTable(name: string): void {
    this.#tables.delete(name);
    this.#bad.delete(`${ROUTES} ${name}`);
    for (const { tables } of this.#listeners.values()) tables.delete(name);
  }

  #setListener(name: string): void {
    const scoped = this.#random(3) === 0;
    const known = (scoped ? SCOPED : NAMED).filter((table) => this.#tables.has(table));
    const tables = new Set<string>();
    const secrets = new Set<string>();
    for (let count = this.#random(3); count > 0 && known.length > 0; count--) tables.add(pick(this.#random, known));
    if (name === "https")
      for (let count = this.#random(3); count > 0; count--) secrets.add(pick(this.#random, SECRETS));
    this.#listeners.set(name, { scoped, tables, secrets });
  }

  #setEndpoints(name: string): void {
    const row = this.#clusters.get(name);
    if (row === undefined) return;
    row.bare = this.#random(8) === 0;
    if (row.bare) this.emptied.add(name);
    if (row.origin !== "paris") row.london = 1 + this.#random(3);
    if (row.origin !== "london") row.paris = 1 + this.#random(3);
  }

  #salt(type: TypeUrl): void {
    const names = [...this.rows(true).get(type)!.keys()];
    if (names.length > 0) this.#saltOf(type, pick(this.#random, names));
  }

  #saltOf(type: TypeUrl, name: string): void {
    // Few values, so that old versions come back.
    this.#salts.set(`${type} ${name}`, 1 + this.#random(3));
  }

  #setBad(type: TypeUrl): void {
    const names = [...this.rows(true).get(type)!.keys()];
    if (names.length === 0) return;
    const name = pick(this.#random, names);
    const key = `${type} ${name}`;
    if (this.#bad.has(key)) this.#bad.delete(key);
    else this.#bad.set(key, pick<Bad>(this.#random, ["semantic", "semantic", "format"]));
    this.tainted.add(name);
  }
}

/** A replica's view of the world. Half-known, it names nothing that it cannot vouch for as gone. */
export class ReplicaView extends TableView {
  readonly #world: EdgeWorld;
  parisKnown = true;

  constructor(world: EdgeWorld, parisKnown = true) {
    super(EDGE_TYPES, true);
    this.#world = world;
    this.parisKnown = parisKnown;
    this.refresh();
  }

  /** Takes over the world as it is now. */
  refresh(): void {
    const changes = new Map<TypeUrl, Map<string, Resource | undefined>>();
    for (const [type, rows] of this.#world.rows(this.parisKnown)) {
      const source = this.source(type)!;
      const changed = new Map<string, Resource | undefined>();
      for (const name of source.names()) if (!rows.has(name)) changed.set(name, undefined);
      for (const [name, row] of rows) {
        const old = source.get(name);
        if (old?.version !== row.version || old.partial !== row.partial) changed.set(name, row);
      }
      if (changed.size > 0) changes.set(type, changed);
    }
    this.change(changes, this.parisKnown);
  }
}
