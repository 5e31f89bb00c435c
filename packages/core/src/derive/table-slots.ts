import { type Base, same, type Store, type Table } from "../store/index.ts";
import type { Fleet } from "./fleet.ts";
import { layoutsOf, splitTables } from "./table-names.ts";
import type { TablePlan } from "./table-plan.ts";

export type Plans = Base<TablePlan>;

/** A route table that has to exist, whether or not a host stands in it. */
export interface TableSlot {
  readonly chain: string;
  readonly table: string;
  /** `one`: all hosts of the chain; `exact`, `wild`: some of one kind. */
  readonly holds: "one" | "exact" | "wild";
}

export function tableSlots(store: Store, plans: Plans, fleet: Fleet): Table<TableSlot> {
  return store.view(
    `${fleet.name}/table-slots`,
    plans,
    (plan) => {
      const { chain } = plan;
      const slot = (table: string, holds: TableSlot["holds"]) => [table, { chain, table, holds }] as const;
      return layoutsOf(plan).flatMap((layout) => {
        if (layout === "one") return [slot(chain, "one")];
        const { exact, wild } = splitTables(chain);
        return [...exact.map((table) => slot(table, "exact")), ...wild.map((table) => slot(table, "wild"))];
      });
    },
    same,
  );
}
