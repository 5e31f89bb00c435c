import { type Group, Groups } from "./groups.ts";
import type { Term } from "./postings.ts";
import { Base, type Index, type SinkFunction, Stored, type Table } from "./table.ts";
import { type Read, type RowsFunction, View } from "./view.ts";

/** A driver row whose view's function threw: a defect of Carrick, not of the input. */
export interface Failure {
  readonly view: string;
  readonly key: string;
  readonly error: unknown;
}

/**
 * Tables and views over them. One commit brings every view up to date, in one pass in the order of definition, and
 * computes exactly the driver rows that read something that changed.
 */
export class Store {
  /** Driver rows computed since the start. Tests assert its differences: cost is a property, not a hope. */
  recomputed = 0;
  readonly #nodes: { flush(): void }[] = [];
  readonly #views: { readonly name: string; readonly failures: ReadonlyMap<string, unknown> }[] = [];
  readonly #after: (() => void)[] = [];
  #revision = 0;
  #open = false;

  get revision(): number {
    return this.#revision;
  }

  get open(): boolean {
    return this.#open;
  }

  after(call: () => void): void {
    this.#after.push(call);
  }

  /** A table written from outside. `same` says when a new row is no change (see `Base.set`). */
  table<T>(name: string, indexes: readonly Index<T, Term>[] = [], same?: (a: T, b: T) => boolean): Base<T> {
    return this.#define(new Base<T>(this, name, this.#nodes.length, indexes, same));
  }

  /**
   * A table computed from `driver`: `rows` is called for a driver row whenever it, or anything that it read, changed.
   * An output key belongs to one driver row. Outputs that are `equal` to the last ones are no change.
   */
  view<I, O>(
    name: string,
    driver: Table<I>,
    rows: RowsFunction<I, O>,
    equal: (a: O, b: O) => boolean,
    indexes: readonly Index<O, Term>[] = [],
  ): View<I, O> {
    const count = (n: number) => {
      this.recomputed += n;
    };
    const view = new View(this, name, this.#nodes.length, driver as Stored<I>, rows, equal, indexes, count);
    this.#views.push(view);
    return this.#define(view);
  }

  /** One row per term of an index of `table`. */
  groups<T, A extends Term>(name: string, table: Table<T>, index: Index<T, A>): Table<Group<A>> {
    return this.#define(new Groups(this, name, this.#nodes.length, table as Stored<T>, index));
  }

  /** Calls `on` after each commit that changed rows of `table`, once all views are up to date. It must not commit. */
  sink<T>(table: Table<T>, on: SinkFunction<T>): void {
    (table as Stored<T>).sinks.push(on);
  }

  /** Applies the writes of `write`, then brings every view up to date before it returns the new revision. */
  commit(write: () => void): number {
    if (this.#open) throw new Error("a commit inside a commit");
    this.#open = true;
    this.#revision++;
    try {
      write();
    } finally {
      try {
        for (const node of this.#nodes) node.flush();
      } finally {
        this.#open = false;
      }
    }
    for (const call of this.#after.splice(0)) call();
    return this.#revision;
  }

  /** Everything that a driver row of a view was last computed from. */
  explain<O>(view: Table<O>, driverKey: string): Read[] {
    return view instanceof View ? view.reads(driverKey) : [];
  }

  failures(): Failure[] {
    return this.#views.flatMap((view) => [...view.failures].map(([key, error]) => ({ view: view.name, key, error })));
  }

  #define<S extends { flush(): void }>(node: S): S {
    this.#nodes.push(node);
    return node;
  }
}
