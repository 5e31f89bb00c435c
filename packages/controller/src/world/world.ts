import { type ClusterName, defineTables, type Tables } from "@carrick/core/model";
import { Store } from "@carrick/core/store";
import { defineEdges, type Edge } from "@carrick/core/translate";
import { type MeshResources, nodeResources, peerResources } from "@carrick/core/translate/mesh";
import type { EdgeEnvironment, Fleet } from "@carrick/core/derive";
import { HeldWrites } from "./held-writes.ts";

/** Rows of one commit: initial lists are committed in slices, between which the process does other things. */
const ROWS_PER_COMMIT = 2000;

/** One write of a row of a base table. */
export interface RowWrite {
  readonly key: string;
  readonly run: () => void;
}

export interface WorldOptions {
  readonly fleets: readonly Fleet[];
  /** The cluster whose nodes and peers are served, if there is a mesh. */
  readonly mesh?: ClusterName;
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
  /** What is told to the nodes of the own cluster, and to its peers. */
  readonly mesh: { readonly nodes: MeshResources; readonly peers: MeshResources } | undefined;
  readonly #options: WorldOptions;
  readonly #observers: (() => void)[] = [];
  #timed: ((seconds: number) => void) | undefined;
  /** Of the rows that drive all others, until the world opens. */
  #held: HeldWrites | undefined = new HeldWrites();
  #queue: (() => void)[] = [];
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.tables = defineTables(this.store);
    const env: EdgeEnvironment = { hash: options.hash, knownClasses: options.fleets.flatMap((fleet) => fleet.classes) };
    const { mesh } = options;
    this.mesh =
      mesh === undefined
        ? undefined
        : {
            nodes: nodeResources(this.store, this.tables, mesh, env),
            peers: peerResources(this.store, this.tables, mesh, env),
          };
    // Makes the first commit: everything is defined by now.
    this.edges = defineEdges(this.store, this.tables, options.fleets, env);
  }

  /** Writes rows, and runs `afterwards`, in the next commits. */
  write(rows: readonly RowWrite[], afterwards?: () => void): void {
    for (const { run } of rows) this.#queue.push(run);
    if (afterwards !== undefined) this.#queue.push(afterwards);
    this.#schedule();
  }

  /**
   * Writes rows that drive what is derived (Ingresses). Until the world opens they wait: most of what they refer to
   * arrives at the same time, and each arrival would derive them once more.
   */
  writeDriving(rows: readonly RowWrite[], afterwards?: () => void): void {
    const held = this.#held;
    if (held === undefined) {
      this.write(rows, afterwards);
      return;
    }
    for (const { key, run } of rows) held.hold(key, run);
    if (afterwards !== undefined) held.afterwards(afterwards);
  }

  /** Everything has been told, or nobody waits for it any longer. Resolves when what was held has been derived. */
  async open(): Promise<void> {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#queue = this.#queue.concat(held.release(), () => this.#options.soon(resolve));
    this.#schedule();
    await promise;
    this.#attempt(() => {
      const plans = this.edges.map((edge) => edge.open(performance.now()));
      this.store.commit(() => {
        for (const write of plans) write();
      });
    });
    this.#round();
  }

  /** Calls `observer` after each commit. It must not throw, and may call `write`. */
  observe(observer: () => void): void {
    this.#observers.push(observer);
  }

  /** Tells how long each commit took, until its observers were told. */
  timeCommits(on: (seconds: number) => void): void {
    this.#timed = on;
  }

  #schedule(): void {
    if (this.#scheduled || this.#queue.length === 0) return;
    this.#scheduled = true;
    this.#options.soon(() => this.#round());
  }

  #round(): void {
    const begin = performance.now();
    this.#scheduled = false;
    const writes = this.#queue.splice(0, ROWS_PER_COMMIT);
    this.#attempt(() =>
      this.store.commit(() => {
        for (const write of writes) this.#attempt(write);
      }),
    );
    this.#replan();
    for (const observer of this.#observers) this.#attempt(observer);
    this.#timed?.((performance.now() - begin) / 1000);
    this.#schedule();
  }

  #replan(): void {
    for (const edge of this.edges) {
      const replan = edge.replan(performance.now());
      if (replan !== undefined) this.#attempt(() => this.store.commit(replan));
    }
    const next = Math.min(...this.edges.map((edge) => edge.replanAt() ?? Infinity));
    clearTimeout(this.#timer);
    if (next === Infinity) return;
    this.#timer = setTimeout(() => this.#round(), Math.max(1, next - performance.now()));
    this.#timer.unref();
  }

  #attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#options.onDefect(error);
    }
  }
}
