import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { SEGMENT_UNITS } from "../layout/generated.ts";
import { type Extent, FreeSpace } from "./free-space.ts";

/** A bit for each unit: what is free, by the plainest means. */
class Model {
  readonly used: boolean[][] = [];

  addSegment(): void {
    this.used.push(Array.from({ length: SEGMENT_UNITS }, () => false));
    if (this.used.length === 1) this.used[0]![0] = true;
  }

  /** Where first fit puts it. */
  allocate(units: number): Extent | undefined {
    for (const [segment, used] of this.used.entries()) {
      let free = 0;
      for (const [unit, taken] of used.entries()) {
        free = taken ? 0 : free + 1;
        if (free < units) continue;
        const extent = { segment, unit: unit - units + 1, units };
        this.set(extent, true);
        return extent;
      }
    }
    return undefined;
  }

  set({ segment, unit, units }: Extent, used: boolean): void {
    this.used[segment]!.fill(used, unit, unit + units);
  }

  get freeUnits(): number {
    return this.used.flat().filter((used) => !used).length;
  }
}

test("any history gives the places that first fit over single units gives", () => {
  const step = fc.oneof(
    fc.record({ allocate: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: SEGMENT_UNITS })) }),
    fc.record({ free: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const space = new FreeSpace();
      const model = new Model();
      let held: Extent[] = [];
      for (const step of steps) {
        if ("free" in step) {
          const extent = held[step.free % held.length];
          if (extent === undefined) continue;
          held = held.filter((other) => other !== extent);
          space.free(extent);
          model.set(extent, false);
          continue;
        }
        const extent = space.allocate(step.allocate);
        assert.deepEqual(extent, model.allocate(step.allocate));
        if (extent !== undefined) held.push(extent);
        else if (space.segments < 3) {
          space.addSegment();
          model.addSegment();
        }
      }
      assert.equal(space.freeUnits, model.freeUnits);
      // A new writer that knows what is used sees the same free space.
      const again = FreeSpace.around(space.segments, held);
      assert.equal(again.freeUnits, space.freeUnits);
      assert.deepEqual(again.allocate(7), space.allocate(7));
    }),
    { numRuns: 60 },
  );
});

test("unit 0 of the first segment is given to nobody", () => {
  const space = new FreeSpace();
  space.addSegment();
  assert.equal(space.allocate(SEGMENT_UNITS), undefined);
  assert.deepEqual(space.allocate(1), { segment: 0, unit: 1, units: 1 });
  space.addSegment();
  assert.deepEqual(space.allocate(SEGMENT_UNITS), { segment: 1, unit: 0, units: SEGMENT_UNITS });
});

test("what is free cannot be freed, and what overlaps or does not exist cannot be used", () => {
  const space = new FreeSpace();
  space.addSegment();
  const extent = space.allocate(4)!;
  space.free(extent);
  assert.throws(() => space.free({ ...extent, unit: 3 }), /units 3 to 6 of segment 0 are freed twice/);
  const overlapping = [extent, { ...extent, unit: 3 }];
  assert.throws(() => FreeSpace.around(1, overlapping), /units 3 to 6 of segment 0 are used twice or do not exist/);
  assert.throws(() => FreeSpace.around(1, [{ segment: 1, unit: 0, units: 1 }]), /of segment 1/);
});
