import assert from "node:assert/strict";
import { test } from "node:test";
import { DemoProcess, readFigures } from "./demo-process.ts";

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
  [8, /pods of both answer/],
  [9, /connections that failed/],
  [10, /nothing of paris is gone/],
  [11, /connections that failed/],
  [12, /healed: all answer again/],
  [13, /drained to the last connection that paris got/],
  [14, /what is there now and was not before/],
];

for (const [step, claim] of CAUGHT_BY) {
  test(`the fault planted in step ${step} is caught by its check, and the demo fails`, async () => {
    const demo = new DemoProcess([], { CI: "true", DEMO_FAULT: String(step) });
    assert.equal(await demo.exited(), 1, demo.output);
    const { ok, fault, error, steps } = readFigures();
    assert.deepEqual({ ok, fault, error }, { ok: false, fault: step, error: undefined });
    assert.deepEqual(
      steps.map((record) => record.step),
      [step],
    );
    const failed = steps[0]!.checks.filter(({ met }) => !met);
    assert.equal(failed.length, 1, demo.output);
    assert.match(failed[0]!.claim, claim);
  });
}
