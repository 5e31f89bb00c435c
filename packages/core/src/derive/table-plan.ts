import type { Change } from "../store/index.ts";

/** How the hosts of one filter chain are spread over route tables. */
export interface TablePlan {
  readonly chain: string;
  /** Number of tables for exact hosts; 0: one table holds everything, and no filter has to choose. */
  readonly exact: number;
  /** Number of tables for wildcard hosts and the default host; 0 where `exact` is. */
  readonly wild: number;
}

/**
 * Up to this many hosts share one table. A change of one host costs Envoy the whole table (about 14 µs of its main
 * thread and 150 bytes a host).
 */
const ONE_TABLE = 64;
/** Tables are quadrupled when they would hold more than this many hosts on average. */
const FULL = 32;
const FIRST = 64;
const MOST = 16_384;

/** The plan for a number of hosts, given the plan before: a table is only given up when half of it would do. */
export function nextPlan(chain: string, before: TablePlan | undefined, exact: number, wild: number): TablePlan {
  const split = before !== undefined && before.exact > 0;
  if (exact + wild <= (split ? ONE_TABLE / 2 : ONE_TABLE)) return { chain, exact: 0, wild: 0 };
  return {
    chain,
    exact: grow(FIRST, split ? before.exact : 0, exact),
    wild: grow(1, split ? before.wild : 0, wild),
  };
}

function grow(first: number, before: number, hosts: number): number {
  const wanted = (count: number) => {
    let tables = first;
    while (tables < MOST && count > tables * FULL) tables *= 4;
    return tables;
  };
  return Math.max(wanted(hosts), Math.min(before, wanted(hosts * 2)));
}

interface Counted {
  readonly chain: string;
  readonly domain: string;
}

/** Counts the hosts of each chain as they come and go, and says which chains' plans are out of date. */
export class TablePlanner {
  readonly #counts = new Map<string, { exact: number; wild: number }>();
  readonly #chains = new Set<string>();
  readonly #touched = new Set<string>();

  /** A chain that exists, with or without hosts. */
  expect(chain: string): void {
    this.#chains.add(chain);
    this.#touched.add(chain);
  }

  forget(chain: string): void {
    this.#chains.delete(chain);
    this.#touched.add(chain);
  }

  apply(changes: readonly Change<Counted>[]): void {
    for (const { old, new: now } of changes) {
      if (old !== undefined) this.#add(old, -1);
      if (now !== undefined) this.#add(now, 1);
    }
  }

  /** Chains whose plan has to change, with the new plan, or none for a chain that is gone. */
  due(plan: (chain: string) => TablePlan | undefined): [chain: string, plan: TablePlan | undefined][] {
    const due: [string, TablePlan | undefined][] = [];
    for (const chain of this.#touched) {
      const before = plan(chain);
      const { exact, wild } = this.#counts.get(chain) ?? { exact: 0, wild: 0 };
      const next = this.#chains.has(chain) ? nextPlan(chain, before, exact, wild) : undefined;
      if (before?.exact !== next?.exact || before?.wild !== next?.wild) due.push([chain, next]);
    }
    this.#touched.clear();
    return due;
  }

  #add({ chain, domain }: Counted, by: 1 | -1): void {
    const count = this.#counts.get(chain) ?? { exact: 0, wild: 0 };
    if (domain.startsWith("*")) count.wild += by;
    else count.exact += by;
    if (count.exact === 0 && count.wild === 0) this.#counts.delete(chain);
    else this.#counts.set(chain, count);
    this.#touched.add(chain);
  }
}
