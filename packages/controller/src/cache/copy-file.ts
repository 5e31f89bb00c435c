import { createReadStream } from "node:fs";
import { chmod, mkdir, open, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { ClusterName, Kind } from "@carrick/core/model";
import type { RowLines } from "./row-lines.ts";

/** To be raised when the rows of any kind change their shape: older copies are then not read. */
const FORMAT = 1;
const ROWS_PER_CHUNK = 500;

interface Header {
  readonly format: number;
  readonly cluster: ClusterName;
  readonly kind: Kind;
  readonly rows: number;
}

export function copyPath(folder: string, cluster: ClusterName, kind: Kind): string {
  return join(folder, cluster, `${kind}.jsonl`);
}

/** Replaces the copy as a whole, in slices that let other work in between. */
export async function writeCopy<T>(
  folder: string,
  cluster: ClusterName,
  kind: Kind,
  rows: readonly T[],
  lines: RowLines<T>,
): Promise<void> {
  const path = copyPath(folder, cluster, kind);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.new`;
  {
    await using file = await open(unfinished, "w", 0o600);
    const header: Header = { format: FORMAT, cluster, kind, rows: rows.length };
    await file.write(`${JSON.stringify(header)}\n`);
    for (let i = 0; i < rows.length; i += ROWS_PER_CHUNK) {
      const chunk = rows.slice(i, i + ROWS_PER_CHUNK).map((row) => `${lines.write(row)}\n`);
      await file.write(chunk.join(""));
    }
    await file.datasync();
  }
  await chmod(unfinished, 0o600);
  await rename(unfinished, path);
}

/** The rows of a copy; `undefined` if there is none. Throws if it cannot be read, is of another format or not whole. */
export async function readCopy<T>(
  folder: string,
  cluster: ClusterName,
  kind: Kind,
  lines: RowLines<T>,
): Promise<T[] | undefined> {
  const stream = createReadStream(copyPath(folder, cluster, kind));
  try {
    const rows: T[] = [];
    let header: Partial<Header> | undefined;
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      if (header !== undefined) rows.push(lines.read(line));
      else header = JSON.parse(line) as Partial<Header>;
    }
    if (header?.format !== FORMAT) throw new Error(`is of format ${header?.format ?? "unknown"}, not ${FORMAT}`);
    if (header.cluster !== cluster || header.kind !== kind) throw new Error("is of another cluster or kind");
    if (header.rows !== rows.length) throw new Error(`has ${rows.length} of ${header.rows} rows`);
    return rows;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  } finally {
    stream.destroy();
  }
}
