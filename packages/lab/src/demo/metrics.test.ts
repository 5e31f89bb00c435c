import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMetrics, sumOf } from "./metrics.ts";

test("the samples of one metric are read with their labels", () => {
  const page = [
    "# HELP sent_total Resources.",
    "# TYPE sent_total counter",
    'sent_total{fleet="edge-1",type="CDS"} 3',
    'sent_total{fleet="edge-1",type="RDS"} 4',
    'sent_total{fleet="edge-2",type="a\\"b"} 1e3',
    'sent_total_other{fleet="edge-1"} 7',
    "up 1",
    "",
  ].join("\n");
  const samples = parseMetrics(page, "sent_total");
  assert.deepEqual(samples, [
    { labels: { fleet: "edge-1", type: "CDS" }, value: 3 },
    { labels: { fleet: "edge-1", type: "RDS" }, value: 4 },
    { labels: { fleet: "edge-2", type: 'a\\"b' }, value: 1000 },
  ]);
  assert.equal(sumOf(samples, "fleet", "edge-1"), 7);
  assert.deepEqual(parseMetrics(page, "up"), [{ labels: {}, value: 1 }]);
});
