import assert from "node:assert/strict";
import { test } from "node:test";
import type { StatusReport } from "@carrick/core/report";
import { Convergence } from "./convergence.ts";

function report(replica: string, drain: boolean, envoys: Readonly<Record<string, number>>, since = 1): StatusReport {
  return {
    replica,
    version: "0",
    started: 0,
    now: 0,
    ready: true,
    waitingFor: [],
    clusters: [{ name: "paris", from: "", state: "fresh", drain, weight: 1, kinds: [], problems: [] }],
    fleets: [
      {
        name: "public",
        hosts: 0,
        resources: {},
        envoys: Object.entries(envoys).map(([name, pending]) => ({
          name,
          cluster: "london",
          connectedSince: since,
          pending,
          refused: [],
          bytesSent: 0,
        })),
      },
    ],
    problems: [],
    moreProblems: 0,
  };
}

test("done when every replica shows it and every Envoy has had nothing pending since", () => {
  const drain = new Convergence("paris", true);
  assert.deepEqual(drain.next([report("a", false, { e1: 0 }), report("b", false, { e2: 0 })]), {
    waiting: ["a", "b"],
    taken: [],
    pending: ["public/e1", "public/e2"],
    done: false,
  });
  assert.deepEqual(drain.next([report("a", true, { e1: 2 }), report("b", false, { e2: 0 })]).waiting, ["b"]);
  assert.deepEqual(drain.next([report("a", true, { e1: 0 }), report("b", true, { e2: 1 })]), {
    waiting: [],
    taken: ["public/e1"],
    pending: ["public/e2"],
    done: false,
  });
  // e1 is behind on something newer by now, but it has had the drain.
  assert.deepEqual(drain.next([report("a", true, { e1: 5 }), report("b", true, { e2: 0 })]), {
    waiting: [],
    taken: ["public/e1", "public/e2"],
    pending: [],
    done: true,
  });
});

test("an Envoy that moves to another replica has to take it there; one that is gone is not waited for", () => {
  const drain = new Convergence("paris", true);
  drain.next([report("a", true, { e1: 0 }), report("b", false, {})]);
  const moved = drain.next([report("a", true, {}), report("b", true, { e1: 3 }, 2)]);
  assert.deepEqual([moved.taken, moved.pending, moved.done], [[], ["public/e1"], false]);
  assert.equal(drain.next([report("a", true, {}), report("b", true, {})]).done, true);
});

test("the end of a drain, and no answer at all", () => {
  const undrain = new Convergence("paris", false);
  assert.equal(undrain.next([]).done, false);
  assert.equal(undrain.next([report("a", true, { e1: 0 })]).done, false);
  assert.equal(undrain.next([report("a", false, { e1: 0 })]).done, true);
});
