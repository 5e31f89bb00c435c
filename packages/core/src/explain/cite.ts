import { type Kind, type ObjectKey, type ObjectRow, refOfKey, type Tables } from "../model/index.ts";
import type { Citation } from "../report/index.ts";

/** An object as it was read last; without a version where it is not there. */
export function cite(tables: Tables, kind: Kind, key: ObjectKey): Citation {
  const row: ObjectRow | undefined = tables[kind].get(key);
  return { ...refOfKey(kind, key), resourceVersion: row?.resourceVersion ?? "" };
}
