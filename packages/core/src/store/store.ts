import { type Group, Groups } from "./groups.ts";
import type { Term } from "./postings.ts";
import type { Read } from "./reads.ts";
import { Base, type Index, type SinkFunction, stored, type Table } from "./table.ts";
import { type RowsFunction, View } from "./view.ts";

/** A driver row whose view's function threw, or made an output of another row: a defect of Carrick, not of the input. */
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
  #committing = false;

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
    return this.#define(new Base<T>(this, name, this.#place(name), indexes, same));
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
    const count = () => {
      this.recomputed++;
    };
    const view = new View(this, name, this.#place(name), stored(this, driver), rows, equal, indexes, count);
    this.#define(view);
    this.#views.push(view);
    return view;
  }

  /** One row per term of an index of `table`. */
  groups<T, A extends Term>(name: string, table: Table<T>, index: Index<T, A>): Table<Group<A>> {
    return this.#define(new Groups(this, name, this.#place(name), stored(this, table), index));
  }

  /**
   * Calls `on` after each commit that changed rows of `table`, once all views are up to date; sinks of earlier tables
   * first. The changes are in no order that callers may rely on. It must not commit.
   */
  sink<T>(table: Table<T>, on: SinkFunction<T>): void {
    stored(this, table).sinks.push(on);
  }

  /**
   * Applies the writes of `write`, then brings every view up to date and calls the sinks before it returns the new
   * revision. If `write` throws, what it wrote until then stands and is told as usual, before the error is thrown on.
   */
  commit(write: () => void): number {
    if (this.#committing) throw new Error("a commit inside a commit");
    const errors: unknown[] = [];
    const attempt = (step: () => void) => {
      try {
        step();
      } catch (error) {
        errors.push(error);
      }
    };
    this.#committing = true;
    this.#open = true;
    this.#revision++;
    attempt(write);
    this.#open = false;
    for (const node of this.#nodes) attempt(() => node.flush());
    for (const call of this.#after.splice(0)) attempt(call);
    this.#committing = false;
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, `commit ${this.#revision}: ${errors.join("; ")}`);
    return this.#revision;
  }

  /** Everything that a driver row of a view was last computed from. */
  explain<O>(view: Table<O>, driverKey: string): Read[] {
    return view instanceof View ? view.reads(driverKey) : [];
  }

  failures(): Failure[] {
    return this.#views.flatMap((view) => [...view.failures].map(([key, error]) => ({ view: view.name, key, error })));
  }

  #place(name: string): number {
    if (this.#revision > 0) throw new Error(`${name} is defined after the first commit: it would miss rows`);
    return this.#nodes.length;
  }

  #define<S extends { flush(): void }>(node: S): S {
    this.#nodes.push(node);
    return node;
  }
}
