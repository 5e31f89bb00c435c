/** The steps in the kernel: each alone, and each with its planted fault. */
import { catchesFault, holdsAlone } from "./steps.ts";

/** The claims that have to catch what is planted. */
const CAUGHT_BY: readonly (readonly [step: number, claim: RegExp])[] = [
  [8, /pods of both answer/],
  [9, /connections that failed/],
  [10, /nothing of paris is gone/],
  [11, /connections that failed/],
  [12, /healed: all answer again/],
  [13, /drained to the last connection that paris got/],
  [14, /and its answer is another/],
  [15, /what is there now and was not before/],
];

for (const [step, claim] of CAUGHT_BY) {
  holdsAlone(step);
  catchesFault(step, claim);
}
