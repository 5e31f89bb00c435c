import { type Kind, type RowOf, type SecretRow, secretText } from "@carrick/core/model";
import type { Seal } from "./seal.ts";

/** How rows of a kind stand in a copy on disk, one line each. */
export interface RowLines<T> {
  write(row: T): string;
  /** Throws if the line is none of a row. */
  read(line: string): T;
}

export function rowLines<K extends Kind>(kind: K, seal: Seal): RowLines<RowOf[K]> {
  return (kind === "Secret" ? sealedLines(seal) : PLAIN) as RowLines<RowOf[K]>;
}

const PLAIN: RowLines<unknown> = { write: (row) => JSON.stringify(row), read: (line) => JSON.parse(line) };

/** Secrets are sealed as a whole; what is missing in a Secret is no secret. */
function sealedLines(seal: Seal): RowLines<SecretRow> {
  return {
    write: (row) => seal.close(JSON.stringify({ ...row, key: row.key.reveal() })),
    read: (line) => {
      const row = JSON.parse(seal.open(line)) as Omit<SecretRow, "key"> & { readonly key: string };
      return { ...row, key: secretText(row.key) };
    },
  };
}
