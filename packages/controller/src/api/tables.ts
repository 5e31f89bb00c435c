import { SHORT_NAMES } from "@carrick/core/translate";
import type { Table } from "@carrick/core/store";
import type { World } from "../world/world.ts";
import { readableRow } from "./readable.ts";

const MOST_ROWS = 1000;

/** Tables of the model and of what is derived from it, by name: for looking inside, not for programs. */
export class TableReader {
  readonly #tables = new Map<string, Table<unknown>>();

  constructor(world: World) {
    for (const table of Object.values<Table<unknown>>(world.tables)) this.#tables.set(table.name, table);
    for (const edge of world.edges) {
      const { admitted, hosts, assignments, chains, serverNames, plans, known } = edge;
      const derived: Table<unknown>[] = [admitted, hosts, assignments, chains, serverNames, plans, known];
      for (const table of derived) this.#tables.set(table.name, table);
      for (const [type, { table }] of edge.types) {
        this.#tables.set(`${edge.fleet.name}/${SHORT_NAMES.get(type) ?? type}`, table);
      }
    }
  }

  list(): { readonly name: string; readonly rows: number; readonly revision: number }[] {
    return [...this.#tables].map(([name, { size, revision }]) => ({ name, rows: size, revision }));
  }

  /** The row of `key`, or the first rows; `undefined` if there is no such table. */
  rows(name: string, key: string | undefined, limit: number): Record<string, unknown> | undefined {
    const table = this.#tables.get(name);
    if (table === undefined) return undefined;
    const found: Record<string, unknown> = {};
    if (key !== undefined) {
      const row = table.get(key);
      if (row !== undefined) found[key] = readableRow(name, row);
      return found;
    }
    let left = Math.min(limit, MOST_ROWS);
    for (const [rowKey, row] of table.entries()) {
      if (left-- <= 0) break;
      found[rowKey] = readableRow(name, row);
    }
    return found;
  }
}
