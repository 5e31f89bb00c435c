/** Tests of single steps of the demo. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DemoProcess, readFigures } from "./demo-process.ts";

export function holdsAlone(step: number): void {
  test(`step ${step} holds alone, and only it runs`, async () => {
    const demo = new DemoProcess([String(step)], { CI: "true", DEMO_FAULT: "" });
    assert.equal(await demo.exited(), 0, demo.output);
    const { ok, steps } = readFigures();
    assert.deepEqual([ok, steps.map((record) => record.step)], [true, [step]]);
  });
}

/** `claim`: of the check that has to catch what is planted. */
export function catchesFault(step: number, claim: RegExp): void {
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
