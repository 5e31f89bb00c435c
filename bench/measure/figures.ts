/** Figures and goals that several benchmarks have. */
import { quantile } from "../../packages/lab/src/load/index.ts";
import type { Figure } from "../report/row.ts";
import type { Block } from "./block.ts";

/** Milliseconds. */
export const LATENCY_GOALS = { p50: 12, p99: 40 };

/** What does not depend on the size of a world may differ by this factor between the largest and the smallest. */
export const FLAT = 1.2;

/** Median and 99th percentile of each run. */
export function latencies(what: string, blocks: readonly Block[], goals: typeof LATENCY_GOALS | undefined): Figure[] {
  const at = (q: number): number[] =>
    blocks.map(({ latencies }) =>
      quantile(
        latencies.toSorted((a, b) => a - b),
        q,
      ),
    );
  return [
    { what: `${what}, p50`, unit: "ms", runs: at(0.5), ...(goals && { goal: goals.p50 }) },
    { what: `${what}, p99`, unit: "ms", runs: at(0.99), ...(goals && { goal: goals.p99 }) },
  ];
}
