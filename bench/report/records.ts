/** The files that benchmarks leave: one for each, read again by the documentation. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Origin } from "./machine.ts";
import type { Row } from "./row.ts";

export type Recorded = Row & Origin;

/** Writes `<bench>.json`: an array with everything about a figure in its row, so that rows can be collected over time. */
export function record(folder: string, bench: string, rows: readonly Row[], from: Origin): string {
  mkdirSync(folder, { recursive: true });
  const file = fileOf(folder, bench);
  const recorded: Recorded[] = rows.map((row) => ({ ...row, ...from }));
  writeFileSync(file, `${JSON.stringify(recorded, null, 2)}\n`);
  return file;
}

/** `undefined` when the benchmark has not been run. */
export function recorded(folder: string, bench: string): readonly Recorded[] | undefined {
  const file = fileOf(folder, bench);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Recorded[]) : undefined;
}

function fileOf(folder: string, bench: string): string {
  return join(folder, `${bench}.json`);
}
