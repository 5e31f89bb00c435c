import { Postings, type Term } from "./postings.ts";

/** One row's transition within one commit. At least one side is there. */
export interface Change<T> {
  readonly key: string;
  readonly old?: T;
  readonly new?: T;
}

/** Maps a row to the terms that it is found under. */
export interface Index<T, A extends Term = string> {
  readonly name: string;
  terms(row: T): Iterable<A>;
}

export function index<T, A extends Term = string>(name: string, terms: (row: T) => Iterable<A>): Index<T, A> {
  return { name, terms };
}

/** A named, indexed, read-only collection of frozen rows: to change a row is to replace it. */
export interface Table<T> {
  readonly name: string;
  /** The commit that last changed a row of it. */
  readonly revision: number;
  readonly size: number;
  get(key: string): T | undefined;
  /** The rows under a term, in no order that callers may rely on. */
  by<A extends Term>(index: Index<T, A>, term: A): T[];
  /** All rows: for sinks, dumps and tests. Views cannot scan; their `Reader` has no such thing. */
  entries(): Iterable<[string, T]>;
}

/** A table as its dependents know it: whatever its rows are. */
export interface Origin {
  readonly name: string;
  /** Place in the order of definition: a view may only read tables before its own. */
  readonly order: number;
  readonly commit: Commit;
  readonly indexes: readonly Index<unknown, Term>[];
  readonly dependents: Set<Dependent>;
  slot(index: { readonly name: string }): number;
}

/** Something whose rows depend on a table. Told before it is flushed itself. */
export interface Dependent {
  invalidate(table: Origin, changes: readonly Change<unknown>[]): void;
}

export type SinkFunction<T> = (changes: readonly Change<T>[], revision: number) => void;

/** What the store knows of its current commit. */
export interface Commit {
  readonly revision: number;
  /** Whether base tables may be written now. */
  readonly open: boolean;
  /** Runs `call` once every view is up to date. */
  after(call: () => void): void;
}

/** Rows, their indexes, and what changed in the commit that is open. */
export class Stored<T> implements Table<T>, Origin {
  readonly name: string;
  readonly indexes: readonly Index<T, Term>[];
  readonly order: number;
  readonly dependents = new Set<Dependent>();
  readonly sinks: SinkFunction<T>[] = [];
  revision = 0;
  readonly commit: Commit;
  protected readonly rows = new Map<string, T>();
  readonly #postings: readonly Postings[];
  /** Rows changed in the open commit, with the value that they had before it. */
  readonly #before = new Map<string, T | undefined>();

  constructor(commit: Commit, name: string, order: number, indexes: readonly Index<T, Term>[]) {
    this.commit = commit;
    this.name = name;
    this.order = order;
    this.indexes = indexes;
    this.#postings = indexes.map(() => new Postings());
  }

  get size(): number {
    return this.rows.size;
  }

  get(key: string): T | undefined {
    return this.rows.get(key);
  }

  entries(): Iterable<[string, T]> {
    return this.rows.entries();
  }

  by<A extends Term>(index: Index<T, A>, term: A): T[] {
    const found: T[] = [];
    for (const key of this.#postings[this.slot(index)]!.keys(term)) found.push(this.rows.get(key)!);
    return found;
  }

  has<A extends Term>(index: Index<T, A>, term: A): boolean {
    return this.#postings[this.slot(index)]!.has(term);
  }

  slot(index: { readonly name: string }): number {
    const slot = (this.indexes as readonly unknown[]).indexOf(index);
    if (slot < 0) throw new Error(`table ${this.name} has no index ${index.name}`);
    return slot;
  }

  /** Brings derived rows up to date, then tells dependents what changed. Called once per commit, in order of definition. */
  flush(): void {
    this.publish();
  }

  protected write(key: string, row: T | undefined): void {
    const old = this.rows.get(key);
    if (old === row) return;
    // An index that throws must do so before anything is changed.
    const filed = old === undefined ? [] : this.terms(old);
    const terms = row === undefined ? [] : this.terms(row);
    if (!this.#before.has(key)) this.#before.set(key, old);
    for (let i = 0; i < filed.length; i++) for (const term of filed[i]!) this.#postings[i]!.delete(term, key);
    for (let i = 0; i < terms.length; i++) for (const term of terms[i]!) this.#postings[i]!.add(term, key);
    if (row === undefined) this.rows.delete(key);
    else this.rows.set(key, row);
  }

  /** The row as it was before the open commit. */
  protected before(key: string): T | undefined {
    return this.#before.has(key) ? this.#before.get(key) : this.rows.get(key);
  }

  /** The row of `key` counts as unchanged by what the open commit wrote so far. */
  protected settle(key: string): void {
    this.#before.delete(key);
  }

  /** For each index, what a row is filed under. */
  protected terms(row: T): Term[][] {
    return this.indexes.map((index) => [...index.terms(row)]);
  }

  protected publish(): void {
    if (this.#before.size === 0) return;
    const changes: Change<T>[] = [];
    for (const [key, old] of this.#before) {
      const now = this.rows.get(key);
      if (old === now) continue;
      if (old === undefined) changes.push({ key, new: now! });
      else changes.push(now === undefined ? { key, old } : { key, old, new: now });
    }
    this.#before.clear();
    if (changes.length === 0) return;
    const revision = this.commit.revision;
    this.revision = revision;
    for (const dependent of this.dependents) dependent.invalidate(this, changes);
    for (const sink of this.sinks) this.commit.after(() => sink(changes, revision));
  }
}

/** A table that is written from outside, inside a commit. */
export class Base<T> extends Stored<T> {
  readonly #same: ((a: T, b: T) => boolean) | undefined;

  constructor(
    commit: Commit,
    name: string,
    order: number,
    indexes: readonly Index<T, Term>[],
    same?: (a: T, b: T) => boolean,
  ) {
    super(commit, name, order, indexes);
    this.#same = same;
  }

  /**
   * Writes a row. A row that is the same as the one before the commit (as the table defines "same") takes its place
   * without being a change: nothing that read it is computed again.
   */
  set(key: string, row: T): void {
    this.#mustBeOpen();
    const before = this.before(key);
    const unchanged = before !== undefined && this.#same?.(before, row) === true;
    this.write(key, row);
    if (unchanged) this.settle(key);
  }

  delete(key: string): void {
    this.#mustBeOpen();
    this.write(key, undefined);
  }

  #mustBeOpen(): void {
    if (!this.commit.open) throw new Error(`table ${this.name}: write outside a commit`);
  }
}

/** The table as its dependents know it. Throws if it belongs to another store. */
export function stored<T>(commit: Commit, table: Table<T>): Stored<T> {
  if (table instanceof Stored && table.commit === commit) return table;
  throw new Error(`table ${table.name} is not of this store`);
}
