import { Postings, type Term } from "./postings.ts";
import { type Change, type Commit, type Dependent, type Index, type Origin, stored, type Table } from "./table.ts";

/** What a view's function may do: reads that are recorded as dependencies. It cannot scan. */
export interface Reader {
  get<T>(table: Table<T>, key: string): T | undefined;
  by<T, A extends Term>(table: Table<T>, index: Index<T, A>, term: A): T[];
}

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

/** The view that reads. */
interface Owner extends Dependent {
  readonly name: string;
  readonly order: number;
  readonly commit: Commit;
}

/** What each driver row of a view read when it was last computed, and from there back to the driver row. */
export class Reads implements Reader {
  readonly #view: Owner;
  readonly #readers = new Map<Origin, Readers>();
  /** Driver key → where it is filed as a reader: postings and term, alternating. */
  readonly #places = new Map<string, readonly (Postings | Term)[]>();
  /** The driver row that is being computed, and what it read so far. */
  #driverKey: string | undefined;
  #noted: (Postings | Term)[] = [];

  constructor(view: Owner) {
    this.#view = view;
  }

  /** Records from now on what `driverKey` reads, in place of what it read before. */
  begin(driverKey: string): void {
    this.forget(driverKey);
    this.#driverKey = driverKey;
  }

  end(): void {
    // A copy has room for just its items, where the array that grew has room for more: there is one for each row.
    if (this.#noted.length > 0) this.#places.set(this.#driverKey!, this.#noted.slice());
    this.#noted.length = 0;
    this.#driverKey = undefined;
  }

  forget(driverKey: string): void {
    const places = this.#places.get(driverKey);
    if (places === undefined) return;
    for (let i = 0; i < places.length; i += 2) (places[i] as Postings).delete(places[i + 1] as Term, driverKey);
    this.#places.delete(driverKey);
  }

  get<T>(table: Table<T>, key: string): T | undefined {
    this.#note(this.#readersOf(table).byKey, key);
    return table.get(key);
  }

  by<T, A extends Term>(table: Table<T>, index: Index<T, A>, term: A): T[] {
    const slot = stored(this.#view.commit, table).slot(index);
    this.#note(this.#readersOf(table).byTerm[slot]!, term);
    return table.by(index, term);
  }

  /** Adds to `dirty` the driver rows that read what `changes` changed. */
  hit(table: Origin, changes: readonly Change<unknown>[], dirty: Set<string>): void {
    const readers = this.#readers.get(table);
    if (readers === undefined) return;
    const touch = (postings: Postings, term: Term) => {
      for (const key of postings.keys(term)) dirty.add(key);
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

  list(driverKey: string): Read[] {
    const found: Read[] = [];
    const places = this.#places.get(driverKey) ?? [];
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

  #note(postings: Postings, term: Term): void {
    if (this.#driverKey === undefined) throw new Error(`view ${this.#view.name}: a read outside its computation`);
    if (postings.add(term, this.#driverKey)) this.#noted.push(postings, term);
  }

  #readersOf<T>(table: Table<T>): Readers {
    const origin = stored(this.#view.commit, table);
    const known = this.#readers.get(origin);
    if (known !== undefined) return known;
    const view = this.#view;
    if (origin.order >= view.order)
      throw new Error(`view ${view.name} reads ${table.name}, which is not defined before it`);
    const readers = { byKey: new Postings(), byTerm: origin.indexes.map(() => new Postings()) };
    this.#readers.set(origin, readers);
    origin.dependents.add(view);
    return readers;
  }
}
