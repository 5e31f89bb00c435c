import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "./backoff.ts";

const bounds = { minMs: 100, maxMs: 5000 };

test("doubles up to the maximum", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 7, 1000].map((failures) => backoff(failures, bounds, 0.5)),
    [75, 150, 300, 600, 1200, 2400, 3750, 3750, 3750],
  );
});

test("the upper half is random", () => {
  assert.equal(backoff(0, bounds, 0), 50);
  assert.ok(backoff(0, bounds, 0.999) < 100);
});
