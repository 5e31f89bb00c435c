import type { Change } from "../store/index.ts";

/** `one`: a route table holds all hosts of a chain. `split`: a fixed number of tables, found by a hash of the host. */
export type Layout = "one" | "split";

/** How the hosts of one filter chain are spread over route tables. */
export interface TablePlan {
  readonly chain: string;
  readonly layout: Layout;
  /** The layout before, whose tables are kept up to date while connections from before the change still use them. */
  readonly also?: Layout;
}

/**
 * Up to this many hosts share one table. A change of one host costs Envoy the whole table (about 14 µs of its main
 * thread and 150 bytes a host).
 */
const ONE_TABLE = 64;
/**
 * A table of all hosts that is kept for old connections is given up beyond this, where a change of it would cost more
 * than one of 12 KB: Envoy goes on with what it has of it.
 */
const ONE_TABLE_KEPT = 80;

/** The layout for a number of hosts, given the one before: a split is only given up when half of one table would do. */
export function nextLayout(before: Layout | undefined, hosts: number): Layout {
  return hosts > (before === "split" ? ONE_TABLE / 2 : ONE_TABLE) ? "split" : "one";
}

interface Counted {
  readonly chain: string;
}

export type PlanChange = readonly [chain: string, plan: TablePlan | undefined];

/** Counts the hosts of each chain as they come and go, and says which chains' plans are out of date. */
export class TablePlanner {
  readonly #keepMs: number;
  readonly #counts = new Map<string, number>();
  readonly #chains = new Set<string>();
  readonly #touched = new Set<string>();
  /** Until when the layout before is kept, by chain. */
  readonly #kept = new Map<string, number>();
  #opened = false;

  /** `keepMs`: how long connections may live on that were opened before a change of layout. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** A chain that exists, with or without hosts. */
  expect(chain: string): void {
    this.#chains.add(chain);
    this.#touched.add(chain);
  }

  forget(chain: string): void {
    this.#chains.delete(chain);
    this.#kept.delete(chain);
    this.#touched.add(chain);
  }

  apply(changes: readonly Change<Counted>[]): void {
    for (const { old, new: now } of changes) {
      if (old !== undefined) this.#add(old.chain, -1);
      if (now !== undefined) this.#add(now.chain, 1);
    }
  }

  /** Chains whose plan has to change, with the new plan, or none for a chain that is gone. */
  due(now: number, plan: (chain: string) => TablePlan | undefined): PlanChange[] {
    const chains = new Set(this.#touched);
    this.#touched.clear();
    for (const [chain, until] of this.#kept) if (until <= now) chains.add(chain);
    return [...chains].flatMap((chain) => {
      const before = plan(chain);
      const next = this.#chains.has(chain) ? this.#next(chain, before, now) : undefined;
      return before?.layout === next?.layout && before?.also === next?.also ? [] : [[chain, next] as const];
    });
  }

  /**
   * What is known after a start has been counted. Until now nobody was served, so nothing was kept. Which layout Envoys
   * got from the process before is not known where the number of hosts allows both: for a time both are served.
   */
  open(now: number, plan: (chain: string) => TablePlan | undefined): PlanChange[] {
    this.#opened = true;
    return [...this.#chains].flatMap((chain) => {
      const before = plan(chain);
      if (before === undefined || this.#hosts(chain) <= ONE_TABLE / 2 || before.layout === "split") return [];
      this.#kept.set(chain, now + this.#keepMs);
      return [[chain, { ...before, also: "split" }] as const];
    });
  }

  /** When a layout that is kept will not be needed any more. */
  nextAt(): number | undefined {
    return this.#kept.size === 0 ? undefined : Math.min(...this.#kept.values());
  }

  #next(chain: string, before: TablePlan | undefined, now: number): TablePlan {
    const layout = nextLayout(before?.layout, this.#hosts(chain));
    if (before !== undefined && before.layout !== layout && this.#opened) {
      this.#kept.set(chain, now + this.#keepMs);
      return { chain, layout, also: before.layout };
    }
    const kept = (this.#kept.get(chain) ?? -Infinity) > now && before?.also !== undefined;
    if (kept && (before.also !== "one" || this.#hosts(chain) <= ONE_TABLE_KEPT)) return before;
    this.#kept.delete(chain);
    return { chain, layout };
  }

  #hosts(chain: string): number {
    return this.#counts.get(chain) ?? 0;
  }

  #add(chain: string, by: 1 | -1): void {
    const count = this.#hosts(chain) + by;
    if (count === 0) this.#counts.delete(chain);
    else this.#counts.set(chain, count);
    this.#touched.add(chain);
  }
}
