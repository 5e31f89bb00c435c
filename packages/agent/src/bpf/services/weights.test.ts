import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { scaledWeights } from "./weights.ts";

test("equal weights are none; others are kept in their proportion", () => {
  assert.equal(scaledWeights([7, 7, 7]), undefined);
  assert.equal(scaledWeights([9]), undefined);
  assert.deepEqual(scaledWeights([1, 2, 3]), [1, 2, 3]);
  assert.deepEqual(scaledWeights([100_000, 200_000]), [1, 2]);
  assert.deepEqual(scaledWeights([1, 1_000_000]), [1, 65533]);
});

test("any weights fit, none is lost, and proportions hold to what 16 bits allow", () => {
  const weights = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 4096 });
  fc.assert(
    fc.property(weights, (weights) => {
      const scaled = scaledWeights(weights) ?? weights.map(() => 1);
      const sum = scaled.reduce((a, b) => a + b);
      const total = weights.reduce((a, b) => a + b);
      assert.ok(sum <= 65535);
      for (const [index, weight] of weights.entries()) {
        assert.ok(Number.isInteger(scaled[index]) && scaled[index]! >= 1);
        const error = Math.abs(scaled[index]! / sum - weight / total);
        assert.ok(error <= (2 * weights.length) / 65535, `${error}`);
      }
    }),
  );
});
