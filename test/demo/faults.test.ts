import { catchesFault } from "./steps.ts";

/** The claims that have to catch what is planted. */
const CAUGHT_BY: readonly (readonly [step: number, claim: RegExp])[] = [
  [1, /share of london/],
  [2, /API write to first 200, median/],
  [3, /requests that failed until it had gone/],
  [4, /status names a host of 300 characters/],
  // Whichever is seen first: that objects are gone, or that requests fail for it.
  [5, /requests that failed so far|resources sent to the living Envoy/],
  [6, /requests for \/ that reached paris then/],
  [7, /of them there with that resourceVersion/],
];

for (const [step, claim] of CAUGHT_BY) catchesFault(step, claim);
