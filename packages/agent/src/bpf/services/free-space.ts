/**
 * Which units of the segments are free. First fit: images of one size come back to the same places, and large gaps stay
 * at the end. What is given back may still be read, so the caller frees only after a grace period.
 */
import { SEGMENT_UNITS } from "../layout/generated.ts";

export interface Extent {
  readonly segment: number;
  readonly unit: number;
  readonly units: number;
}

interface Gap {
  unit: number;
  units: number;
}

/** Nothing lies there: a head of 0 is no image. */
const NEVER_USED: Extent = { segment: 0, unit: 0, units: 1 };

export class FreeSpace {
  /** Of each segment, in order, no two of them side by side. */
  readonly #gaps: Gap[][] = [];
  #freeUnits = 0;

  /** What `used` leaves of `segments`. Throws when two overlap, or one lies outside: the memory is not what it says. */
  static around(segments: number, used: Iterable<Extent>): FreeSpace {
    const space = new FreeSpace();
    for (let segment = 0; segment < segments; segment++) space.addSegment();
    for (const extent of used) space.#take(extent);
    return space;
  }

  get segments(): number {
    return this.#gaps.length;
  }

  get freeUnits(): number {
    return this.#freeUnits;
  }

  addSegment(): void {
    this.#gaps.push([{ unit: 0, units: SEGMENT_UNITS }]);
    this.#freeUnits += SEGMENT_UNITS;
    if (this.#gaps.length === 1) this.#take(NEVER_USED);
  }

  /** `undefined` when no segment has as many units in one piece. */
  allocate(units: number): Extent | undefined {
    for (const [segment, gaps] of this.#gaps.entries()) {
      const index = gaps.findIndex((gap) => gap.units >= units);
      if (index === -1) continue;
      const extent = { segment, unit: gaps[index]!.unit, units };
      this.#shrink(gaps, index, extent);
      return extent;
    }
    return undefined;
  }

  /** Throws when some of it is free already. */
  free({ segment, unit, units }: Extent): void {
    const gaps = this.#gaps[segment] ?? [];
    const at = firstAfter(gaps, unit);
    const before = gaps[at - 1];
    const after = gaps[at];
    if (
      (before !== undefined && before.unit + before.units > unit) ||
      (after !== undefined && after.unit < unit + units)
    )
      throw new Error(`units ${unit} to ${unit + units - 1} of segment ${segment} are freed twice`);
    const joinsBefore = before !== undefined && before.unit + before.units === unit;
    const joinsAfter = after !== undefined && after.unit === unit + units;
    if (joinsBefore) {
      before.units += units + (joinsAfter ? after.units : 0);
      if (joinsAfter) gaps.splice(at, 1);
    } else if (joinsAfter) {
      after.unit = unit;
      after.units += units;
    } else gaps.splice(at, 0, { unit, units });
    this.#freeUnits += units;
  }

  #take(extent: Extent): void {
    const gaps = this.#gaps[extent.segment] ?? [];
    const index = firstAfter(gaps, extent.unit) - 1;
    const gap = gaps[index];
    if (gap === undefined || extent.units < 1 || gap.unit + gap.units < extent.unit + extent.units)
      throw new Error(
        `units ${extent.unit} to ${extent.unit + extent.units - 1} of segment ${extent.segment} are used twice or do not exist`,
      );
    this.#shrink(gaps, index, extent);
  }

  /** Cuts the extent out of the gap in which it lies. */
  #shrink(gaps: Gap[], index: number, { unit, units }: Extent): void {
    const gap = gaps[index]!;
    const rest = gap.unit + gap.units - (unit + units);
    gap.units = unit - gap.unit;
    const parts = [gap, { unit: unit + units, units: rest }].filter((part) => part.units > 0);
    gaps.splice(index, 1, ...parts);
    this.#freeUnits -= units;
  }
}

/** Index of the first gap that begins behind `unit`. */
function firstAfter(gaps: readonly Gap[], unit: number): number {
  let low = 0;
  for (let high = gaps.length; low < high;) {
    const middle = (low + high) >> 1;
    if (gaps[middle]!.unit > unit) high = middle;
    else low = middle + 1;
  }
  return low;
}
