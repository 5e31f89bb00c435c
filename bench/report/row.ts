/** A figure beside its goal, as it is published. */

export type Unit = "ms" | "µs" | "mCPU" | "s" | "bytes" | "MB" | "GB" | "×" | "";

export interface Figure {
  /** What was measured and in which world: names the row. */
  readonly what: string;
  readonly unit: Unit;
  /** The most that it may be; absent where it is only measured. */
  readonly goal?: number;
  /** The figure of each run, in their order. */
  readonly runs: readonly number[];
  /** What a reader has to know beside the figure. */
  readonly note?: string;
  /** Nothing follows from the figure, for the reason that the note says: it is neither met nor missed. */
  readonly isVoid?: boolean;
}

export interface Row {
  readonly bench: string;
  readonly what: string;
  readonly unit: Unit;
  readonly goal: number | null;
  /** Median of the runs. */
  readonly measured: number;
  /** `null` where there is no goal, or the figure is void. */
  readonly met: boolean | null;
  readonly runs: readonly number[];
  readonly note?: string;
  readonly isVoid?: boolean;
}

/** A measurement that failed: a figure that is no number would otherwise be published as one. */
export class MeasurementError extends Error {
  override readonly name = "MeasurementError";
}

/** Throws `MeasurementError` without a run, or when a run gave no number. */
export function toRow(bench: string, { what, unit, goal, runs, note, isVoid = false }: Figure): Row {
  if (runs.length === 0 || !runs.every((run) => Number.isFinite(run))) {
    throw new MeasurementError(`${bench}: ${what}: [${runs.join(", ")}] is no figure; look into the logs of the run`);
  }
  const measured = median(runs);
  const met = goal === undefined || isVoid ? null : measured <= goal;
  return {
    bench,
    what,
    unit,
    goal: goal ?? null,
    measured,
    met,
    runs,
    ...(note !== undefined && { note }),
    ...(isVoid && { isVoid }),
  };
}

/** Of an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
