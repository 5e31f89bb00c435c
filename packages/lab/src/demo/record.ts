/** `.lab/demo.json`: the figures of the last run, for programs. */
import { writeFileSync } from "node:fs";
import type { Check } from "./checks.ts";

export interface StepRecord {
  readonly step: number;
  readonly title: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly checks: readonly Check[];
  /** Why it failed. */
  readonly error?: string;
}

export interface DemoRecord {
  readonly version: 1;
  readonly ok: boolean;
  /** ISO 8601. */
  readonly started: string;
  readonly startUpMs: number;
  readonly totalMs: number;
  /** The planted fault's step. */
  readonly fault?: number;
  readonly steps: readonly StepRecord[];
  /** Why parts of it did not run here. */
  readonly leftOut?: readonly string[];
  /** Why the demo failed outside of any step. */
  readonly error?: string;
}

export function writeRecord(path: string, record: DemoRecord): void {
  writeFileSync(path, `${JSON.stringify(record, undefined, 2)}\n`);
}
