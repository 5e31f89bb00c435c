import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterStatus, StatusReport } from "@carrick/core/report";
import { EXIT } from "../exit-code.ts";
import { requireAnother, requireKnown } from "./permission.ts";

function report(...clusters: Pick<ClusterStatus, "name" | "state" | "drain">[]): StatusReport {
  return {
    replica: "a",
    version: "0",
    started: 0,
    now: 0,
    ready: true,
    waitingFor: [],
    clusters: clusters.map((cluster) => ({ from: "", weight: 1, kinds: [], problems: [], ...cluster })),
    fleets: [],
    problems: [],
    moreProblems: 0,
  };
}

const LONDON = { name: "london", state: "fresh", drain: false } as const;
const PARIS = { name: "paris", state: "stale", drain: false } as const;

test("another cluster that takes requests lets a cluster be drained, also a stale one", () => {
  requireAnother("london", [report(LONDON, PARIS)]);
});

test("the last one is refused, with the reason for each other", () => {
  const reports = [report(LONDON, { ...PARIS, drain: true }, { name: "rome", state: "unknown", drain: false })];
  assert.throws(() => requireAnother("london", reports), {
    exit: EXIT.refused,
    message:
      "london is the last cluster that takes requests (paris is drained, rome has never been seen; asked a); undrain another first, or use --force",
  });
  assert.throws(() => requireAnother("london", [report(LONDON)]), /there is no other/);
});

test("one replica that knows of no other is enough for the refusal", () => {
  assert.throws(() => requireAnother("london", [report(LONDON, PARIS), report(LONDON)]), { exit: EXIT.refused });
});

test("a name that no controller has", () => {
  requireKnown("paris", [report(LONDON), report(PARIS)]);
  assert.throws(() => requireKnown("rome", [report(LONDON, PARIS)]), {
    exit: EXIT.usage,
    message: 'no controller has a cluster "rome"; use one of london, paris',
  });
});
