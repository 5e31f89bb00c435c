import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { withFigures } from "../../bench/report/documents.ts";
import type { Origin } from "../../bench/report/machine.ts";
import { record, recorded } from "../../bench/report/records.ts";
import { median, toRow } from "../../bench/report/row.ts";
import { markdownTable, textTable } from "../../bench/report/table.ts";

const folder = mkdtempSync(join(tmpdir(), "carrick-bench-report-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const from: Origin = {
  commit: "0123456789ab",
  date: "2026-01-02T03:04:05.000Z",
  machine: "2 × Processor, 24 GiB, Linux 6.18",
  node: "v24.21.0",
  envoy: "1.40.0",
};

const met = toRow("B10", { what: "new host, p50", unit: "ms", goal: 12, runs: [4, 3.5, 15] });
const missed = toRow("B10", {
  what: "bytes",
  unit: "bytes",
  goal: 12_000,
  runs: [12_001],
  note: "one table of 64 hosts.",
});
const open = toRow("B10", { what: "start", unit: "ms", runs: [1, 2] });

test("a row is the median of its runs, and met where that is not above the goal", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.deepEqual(met, {
    bench: "B10",
    what: "new host, p50",
    unit: "ms",
    goal: 12,
    measured: 4,
    met: true,
    runs: [4, 3.5, 15],
  });
  assert.equal(missed.met, false);
  assert.deepEqual([open.goal, open.measured, open.met], [null, 1.5, null]);
  assert.equal(toRow("restart", { what: "resources", unit: "", goal: 0, runs: [0] }).met, true);
});

test("what is no number is no figure", () => {
  for (const runs of [[], [1, Number.NaN], [Number.POSITIVE_INFINITY]]) {
    assert.throws(() => toRow("B11", { what: "memory", unit: "MB", goal: 150, runs }), {
      name: "MeasurementError",
      message: /^B11: memory: \[.*\] is no figure; look into the logs of the run$/,
    });
  }
});

test("the table has the goal beside the figure", () => {
  assert.equal(
    textTable([met, missed, open]),
    [
      "what                     goal      measured     runs",
      "new host, p50         ≤ 12 ms          4 ms  ✓  3.5 – 15",
      "bytes          ≤ 12,000 bytes  12,001 bytes  ✗  1 run",
      "start                       –        1.5 ms     1 – 2",
      "bytes: one table of 64 hosts.",
      "",
    ].join("\n"),
  );
  assert.equal(
    markdownTable([met, missed]),
    [
      "| what | goal | measured | runs |  |",
      "|---|---:|---:|---|---|",
      "| new host, p50 | ≤ 12 ms | 4 ms | 3.5 – 15 | ✓ |",
      "| bytes | ≤ 12,000 bytes | 12,001 bytes | 1 run | ✗ |",
      "",
      "- bytes: one table of 64 hosts.",
      "",
    ].join("\n"),
  );
});

test("a record holds in each row all that a figure needs, and goes into the document between its markers", () => {
  record(folder, "B10", [met], from);
  assert.deepEqual(recorded(folder, "B10"), [{ ...met, ...from }]);
  assert.equal(recorded(folder, "B11"), undefined);
  const document = "a\n<!-- figures B10 -->\nold\n<!-- end -->\nb\n<!-- figures B11 -->\nstays\n<!-- end -->\nc\n";
  const { text, left } = withFigures(document, (bench) => recorded(folder, bench));
  assert.deepEqual(left, ["B11"]);
  assert.equal(
    text,
    [
      "a",
      "<!-- figures B10 -->",
      "",
      "`make bench B=B10` at 0123456789ab, 2026-01-02; 2 × Processor, 24 GiB, Linux 6.18; Node v24.21.0, Envoy 1.40.0.",
      "",
      "| what | goal | measured | runs |  |",
      "|---|---:|---:|---|---|",
      "| new host, p50 | ≤ 12 ms | 4 ms | 3.5 – 15 | ✓ |",
      "",
      "<!-- end -->",
      "b",
      "<!-- figures B11 -->",
      "stays",
      "<!-- end -->",
      "c",
      "",
    ].join("\n"),
  );
  assert.equal(withFigures(text, (bench) => recorded(folder, bench)).text, text);
});
