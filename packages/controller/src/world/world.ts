import { defineTables, type Tables } from "@carrick/core/model";
import { Store } from "@carrick/core/store";
import { defineEdge, type Edge } from "@carrick/core/translate";
import type { EdgeEnvironment, Fleet } from "@carrick/core/derive";

/** Rows of one commit: initial lists are committed in slices, between which the process does other things. */
const ROWS_PER_COMMIT = 2000;

interface Write {
  readonly rows: number;
  readonly run: () => void;
}

export interface WorldOptions {
  readonly fleets: readonly Fleet[];
  readonly hash: EdgeEnvironment["hash"];
  /** A defect: a write or an observer threw. The others went on. */
  readonly onDefect: (error: unknown) => void;
  /** Calls back soon, after the events that are waiting: what arrives until then is one commit. */
  readonly soon: (call: () => void) => void;
}

/**
 * Everything that this controller knows, and what follows from it. All writes go through `write`, in their order; each
 * commit is told to the observers when every view is up to date.
 */
export class World {
  readonly store = new Store();
  readonly tables: Tables;
  readonly edges: readonly Edge[];
  readonly #options: WorldOptions;
  readonly #observers: (() => void)[] = [];
  #timed: ((seconds: number) => void) | undefined;
  #queue: Write[] = [];
  #scheduled = false;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.tables = defineTables(this.store);
    const env: EdgeEnvironment = { hash: options.hash, knownClasses: options.fleets.flatMap((fleet) => fleet.classes) };
    this.edges = options.fleets.map((fleet) => defineEdge(this.store, this.tables, fleet, env));
  }

  /** Runs `run`, which writes about `rows` rows of base tables, in one of the next commits. */
  write(rows: number, run: () => void): void {
    this.#queue.push({ rows, run });
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.soon(() => this.#round());
  }

  /** Calls `observer` after each commit. It must not throw, and may call `write`. */
  observe(observer: () => void): void {
    this.#observers.push(observer);
  }

  /** Tells how long each commit took, until its observers were told. */
  timeCommits(on: (seconds: number) => void): void {
    this.#timed = on;
  }

  #round(): void {
    const begin = performance.now();
    this.#scheduled = false;
    const writes = this.#take();
    this.#attempt(() =>
      this.store.commit(() => {
        for (const { run } of writes) this.#attempt(run);
      }),
    );
    for (const edge of this.edges) {
      const replan = edge.replan();
      if (replan !== undefined) this.#attempt(() => this.store.commit(replan));
    }
    for (const observer of this.#observers) this.#attempt(observer);
    this.#timed?.((performance.now() - begin) / 1000);
    if (this.#queue.length > 0 && !this.#scheduled) {
      this.#scheduled = true;
      this.#options.soon(() => this.#round());
    }
  }

  #take(): Write[] {
    let rows = 0;
    let count = 0;
    while (count < this.#queue.length && rows < ROWS_PER_COMMIT) rows += this.#queue[count++]!.rows;
    return this.#queue.splice(0, count);
  }

  #attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#options.onDefect(error);
    }
  }
}
