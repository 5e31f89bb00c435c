import { tableHash } from "./table-hash.ts";
import type { Layout, TablePlan } from "./table-plan.ts";

/**
 * Tables of a split chain for exact hosts. Their number never changes, since that would change the listener: with
 * 10,000 hosts one holds 20, and empty ones cost Envoy little.
 */
export const EXACT_TABLES = 512;
/** And for wildcard hosts. */
export const WILD_TABLES = 16;

/** The name of the route table in which a domain of a chain stands, in one of its layouts. */
export function tableOf(chain: string, layout: Layout, domain: string): string {
  if (layout === "one") return chain;
  return domain.startsWith("*")
    ? wildTable(chain, tableHash(domain.slice(2)) % WILD_TABLES)
    : exactTable(chain, tableHash(domain) % EXACT_TABLES);
}

export function exactTable(chain: string, i: number): string {
  return `${chain}/${EXACT_TABLES}/${i}`;
}

export function wildTable(chain: string, i: number): string {
  return `${chain}/*${WILD_TABLES}/${i}`;
}

/** All tables of a split chain. */
export function splitTables(chain: string): { readonly exact: readonly string[]; readonly wild: readonly string[] } {
  return {
    exact: Array.from({ length: EXACT_TABLES }, (_, i) => exactTable(chain, i)),
    wild: Array.from({ length: WILD_TABLES }, (_, i) => wildTable(chain, i)),
  };
}

/** The layouts of a chain that Envoys may use. */
export function layoutsOf({ layout, also }: TablePlan): readonly Layout[] {
  return also === undefined ? [layout] : [layout, also];
}
