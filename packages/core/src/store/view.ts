import { Postings, type Term } from "./postings.ts";
import { type Change, type Commit, type Dependent, type Index, type Origin, Stored, type Table } from "./table.ts";

/** What a view's function may do: reads that are recorded as dependencies. It cannot scan. */
export interface Reader {
  get<T>(table: Table<T>, key: string): T | undefined;
  by<T, A extends Term>(table: Table<T>, index: Index<T, A>, term: A): T[];
}

export type RowsFunction<I, O> = (row: I, key: string, read: Reader) => Iterable<readonly [key: string, row: O]>;

/** One recorded read of a driver row. */
export interface Read {
  readonly table: string;
  /** Absent: the row with key `term`. */
  readonly index?: string;
  readonly term: Term;
}

/** What one table's rows and index terms were read by. */
interface Readers {
  readonly byKey: Postings;
  readonly byTerm: readonly Postings[];
}

/** A table computed from others: recomputes only the driver rows whose recorded reads changed. */
export class View<I, O> extends Stored<O> implements Dependent {
  readonly #driver: Stored<I>;
  readonly #rows: RowsFunction<I, O>;
  readonly #equal: (a: O, b: O) => boolean;
  readonly #dirty = new Set<string>();
  readonly #outputs = new Map<string, string | readonly string[]>();
  /** Output key → the one driver row that makes it, where the two differ. */
  readonly #owner = new Map<string, string>();
  readonly #readers = new Map<Origin, Readers>();
  /** Driver key → where it is filed as a reader: postings and term, alternating. */
  readonly #reads = new Map<string, (Postings | Term)[]>();
  readonly #failures = new Map<string, unknown>();
  readonly #recomputed: (rows: number) => void;

  constructor(
    commit: Commit,
    name: string,
    order: number,
    driver: Stored<I>,
    rows: RowsFunction<I, O>,
    equal: (a: O, b: O) => boolean,
    indexes: readonly Index<O, Term>[],
    recomputed: (rows: number) => void,
  ) {
    super(commit, name, order, indexes);
    this.#driver = driver;
    this.#rows = rows;
    this.#equal = equal;
    this.#recomputed = recomputed;
    driver.dependents.add(this);
  }

  /** Driver rows whose last computation threw: their last good output is still in the table. */
  get failures(): ReadonlyMap<string, unknown> {
    return this.#failures;
  }

  /** The reads that the driver row `key` was last computed from. */
  reads(key: string): Read[] {
    const found: Read[] = [];
    const places = this.#reads.get(key) ?? [];
    for (let i = 0; i < places.length; i += 2) {
      const term = places[i + 1] as Term;
      for (const [table, readers] of this.#readers) {
        if (readers.byKey === places[i]) found.push({ table: table.name, term });
        const slot = readers.byTerm.indexOf(places[i] as Postings);
        if (slot >= 0) found.push({ table: table.name, index: table.indexes[slot]!.name, term });
      }
    }
    return found;
  }

  invalidate(table: Origin, changes: readonly Change<unknown>[]): void {
    if (table === this.#driver) for (const change of changes) this.#dirty.add(change.key);
    const readers = this.#readers.get(table);
    if (readers === undefined) return;
    const touch = (postings: Postings, term: Term) => {
      for (const key of postings.keys(term)) this.#dirty.add(key);
    };
    for (const change of changes) {
      touch(readers.byKey, change.key);
      for (const [slot, index] of table.indexes.entries()) {
        const postings = readers.byTerm[slot]!;
        if (postings.size === 0) continue;
        if (change.old !== undefined) for (const term of index.terms(change.old)) touch(postings, term);
        if (change.new !== undefined) for (const term of index.terms(change.new)) touch(postings, term);
      }
    }
  }

  override flush(): void {
    if (this.#dirty.size > 0) {
      this.#recomputed(this.#dirty.size);
      // All rows are computed before one is written: an output key may then move from one driver row to another.
      const computed = new Map<string, (readonly [string, O])[]>();
      for (const key of this.#dirty) {
        const outputs = this.#compute(key);
        if (outputs !== undefined) computed.set(key, outputs);
      }
      const released = new Set<string>();
      for (const key of computed.keys()) this.#release(key, released);
      for (const [key, outputs] of computed) this.#claim(key, outputs, released);
      for (const key of released) this.write(key, undefined);
      this.#dirty.clear();
    }
    this.publish();
  }

  /** The outputs of a driver row, none if it is gone; `undefined` if its function threw, so that the last ones stay. */
  #compute(key: string): (readonly [string, O])[] | undefined {
    const row = this.#driver.get(key);
    this.#forget(key);
    if (row === undefined) {
      this.#failures.delete(key);
      return [];
    }
    try {
      const outputs = [...this.#rows(row, key, this.#reader(key))];
      this.#failures.delete(key);
      return outputs;
    } catch (error) {
      this.#failures.set(key, error);
      return undefined;
    }
  }

  #release(driverKey: string, released: Set<string>): void {
    const outputs = this.#outputs.get(driverKey);
    if (outputs === undefined) return;
    for (const key of typeof outputs === "string" ? [outputs] : outputs) {
      released.add(key);
      this.#owner.delete(key);
    }
    this.#outputs.delete(driverKey);
  }

  #claim(driverKey: string, outputs: readonly (readonly [string, O])[], released: Set<string>): void {
    const mine: string[] = [];
    for (const [key, row] of outputs) {
      const old = this.rows.get(key);
      if (old !== undefined && !released.has(key)) {
        const error = new Error(
          `view ${this.name}: ${key} is made by ${this.#owner.get(key) ?? key} and by ${driverKey}`,
        );
        this.#failures.set(driverKey, error);
        continue;
      }
      released.delete(key);
      mine.push(key);
      if (key !== driverKey) this.#owner.set(key, driverKey);
      if (old === undefined || !this.#equal(old, row)) this.write(key, row);
    }
    if (mine.length > 0) this.#outputs.set(driverKey, mine.length === 1 ? mine[0]! : mine);
  }

  #reader(driverKey: string): Reader {
    const places: (Postings | Term)[] = [];
    this.#reads.set(driverKey, places);
    const note = (postings: Postings, term: Term) => {
      postings.add(term, driverKey);
      places.push(postings, term);
    };
    return {
      get: (table, key) => {
        note(this.#readersOf(table).byKey, key);
        return table.get(key);
      },
      by: (table, index, term) => {
        note(this.#readersOf(table).byTerm[originOf(table).slot(index)]!, term);
        return table.by(index, term);
      },
    };
  }

  #readersOf<T>(table: Table<T>): Readers {
    const origin = originOf(table);
    const known = this.#readers.get(origin);
    if (known !== undefined) return known;
    if (origin.order >= this.order) throw new Error(`view ${this.name} reads ${table.name}, which is defined after it`);
    const readers = { byKey: new Postings(), byTerm: origin.indexes.map(() => new Postings()) };
    this.#readers.set(origin, readers);
    origin.dependents.add(this);
    return readers;
  }

  #forget(driverKey: string): void {
    const places = this.#reads.get(driverKey);
    if (places === undefined) return;
    for (let i = 0; i < places.length; i += 2) (places[i] as Postings).delete(places[i + 1] as Term, driverKey);
    this.#reads.delete(driverKey);
  }
}

function originOf<T>(table: Table<T>): Stored<T> {
  if (table instanceof Stored) return table;
  throw new Error(`table ${table.name} is not of this store`);
}
