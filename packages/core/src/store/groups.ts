import type { Term } from "./postings.ts";
import { type Change, type Commit, type Dependent, type Index, type Origin, Stored } from "./table.ts";

export interface Group<A extends Term> {
  readonly term: A;
}

/** One row per term of an index: drives a view by something that many rows mention, a host for example. */
export class Groups<T, A extends Term> extends Stored<Group<A>> implements Dependent {
  readonly #table: Stored<T>;
  readonly #index: Index<T, A>;
  readonly #touched = new Set<A>();

  constructor(commit: Commit, name: string, order: number, table: Stored<T>, index: Index<T, A>) {
    super(commit, name, order, []);
    this.#table = table;
    this.#index = index;
    table.slot(index);
    table.dependents.add(this);
  }

  invalidate(_table: Origin, changes: readonly Change<unknown>[]): void {
    for (const change of changes as readonly Change<T>[]) {
      if (change.old !== undefined) for (const term of this.#index.terms(change.old)) this.#touched.add(term);
      if (change.new !== undefined) for (const term of this.#index.terms(change.new)) this.#touched.add(term);
    }
  }

  override flush(): void {
    for (const term of this.#touched) {
      const key = String(term);
      const exists = this.#table.has(this.#index, term);
      if (exists && !this.rows.has(key)) this.write(key, { term });
      else if (!exists) this.write(key, undefined);
    }
    this.#touched.clear();
    this.publish();
  }
}
