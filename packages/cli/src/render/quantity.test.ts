import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, counted, duration, parseDuration, percent } from "./quantity.ts";

test("quantities", () => {
  assert.deepEqual([999, 3000, 60_000, 3_600_000, 7_500_000, 90_000_000].map(duration), [
    "0 s",
    "3 s",
    "1 min",
    "1 h",
    "2 h 5 min",
    "1 d 1 h",
  ]);
  assert.deepEqual([0, 1500, 2_500_000, 3e9].map(bytes), ["0 B", "1.5 kB", "2.5 MB", "3.0 GB"]);
  assert.deepEqual([counted(1, "host"), counted(1200, "host")], ["1 host", "1,200 hosts"]);
  assert.equal(percent(1 / 3), "33.3 %");
});

test("durations of a flag", () => {
  assert.deepEqual(["500ms", "30s", "2m", "1h"].map(parseDuration), [500, 30_000, 120_000, 3_600_000]);
  assert.deepEqual(
    ["30", "s", "-1s", "1.5s", "1 s", "9999999s", ""].map(parseDuration),
    Array.from({ length: 7 }, () => undefined),
  );
});
