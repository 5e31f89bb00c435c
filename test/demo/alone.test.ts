/** What docs/demo.md promises of `./carrick demo 3 5`: a step needs nothing of the others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DemoProcess, readFigures } from "./demo-process.ts";

for (const step of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]) {
  test(`step ${step} holds alone, and only it runs`, async () => {
    const demo = new DemoProcess([String(step)], { CI: "true", DEMO_FAULT: "" });
    assert.equal(await demo.exited(), 0, demo.output);
    const { ok, steps } = readFigures();
    assert.deepEqual([ok, steps.map((record) => record.step)], [true, [step]]);
  });
}
