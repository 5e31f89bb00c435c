/** Rows of the map `backends`, in their order around the publication of images. */
import { type BackendRow, type BackendRows, type RowChanges, rowValue } from "./backend-rows.ts";
import { type Condition, fullMap } from "./conditions.ts";
import { keyText } from "./frontend.ts";
import type { Published } from "./published.ts";
import type { ServiceMaps } from "./service-maps.ts";

export interface RowWork extends RowChanges {
  readonly service: string;
  readonly uid: number;
  readonly wanted: BackendRows;
}

/**
 * Gives back the services of which not all fits: flows to such a backend are balanced anew each time. Throws
 * `SystemError`.
 */
export function backendsBefore(
  maps: ServiceMaps,
  published: Published,
  work: readonly RowWork[],
  now: number,
  conditions: Map<string, Condition>,
): Set<string> {
  const rows = work.flatMap(({ service, uid, before }) => before.map((row) => ({ service, uid, row })));
  const refused = new Set(
    write(
      maps,
      Array.from(rows, ({ row }) => row),
      now,
    ),
  );
  const written = rows.filter((_, position) => !refused.has(position));
  for (const [uid, added] of Map.groupBy(written, ({ uid }) => uid)) {
    const texts = added.map(({ row }): [string, BackendRow] => [keyText(row.key), row]);
    published.setRows(uid, new Map([...published.rows(uid), ...texts]));
  }
  const services = new Set(Array.from(refused, (position) => rows[position]!.service));
  for (const service of services) conditions.set(service, fullMap(`${service}: a backend`, maps.backends));
  return services;
}

/** Throws `SystemError`. */
export function backendsAfter(maps: ServiceMaps, published: Published, work: readonly RowWork[], now: number): void {
  for (const { uid, wanted, after, gone } of work) {
    if (after.length + gone.length === 0) continue;
    maps.backends.deleteAll(gone.map(({ key }) => key));
    const refused = new Set(write(maps, after, now));
    const written = new Set(after.filter((_, position) => !refused.has(position)));
    const there = published.rows(uid);
    // What was there before and is wanted as it was needed no write.
    const kept = [...wanted].filter(([text, row]) => written.has(row) || (there.has(text) && !after.includes(row)));
    published.setRows(uid, new Map(kept));
  }
}

function write(maps: ServiceMaps, rows: readonly BackendRow[], now: number): number[] {
  return maps.backends.updateAll(rows.map((row) => [row.key, rowValue(row, now)]));
}
