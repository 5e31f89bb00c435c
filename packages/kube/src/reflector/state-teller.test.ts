import assert from "node:assert/strict";
import { test } from "node:test";
import { KubeError } from "../kube-error.ts";
import type { ReflectorState } from "./sink.ts";
import { StateTeller } from "./state-teller.ts";

function teller() {
  const told: ReflectorState[] = [];
  const time = { ms: 1_000 };
  const made = new StateTeller(
    (state) => told.push(state),
    () => time.ms,
  );
  return { made, told, time };
}

test("signs of life are told at most once a second", () => {
  const { made, told, time } = teller();
  for (const ms of [1_000, 1_500, 1_999, 2_000, 2_001]) {
    time.ms = ms;
    made.heard();
  }
  assert.deepEqual(
    told.map(({ heardAt }) => heardAt),
    [1_000, 2_000],
  );
});

test("an error is told until every change is told again", () => {
  const { made, told } = teller();
  const error = new KubeError(500, "InternalError", "no");
  made.waiting(error);
  made.connecting();
  made.listing();
  made.watching();
  made.watching();
  assert.deepEqual(told, [
    { phase: "waiting", absent: false, error },
    { phase: "connecting", absent: false, error },
    { phase: "listing", absent: false, error },
    { phase: "watching", absent: false },
  ]);
});

test("absent stays until a watch is established", () => {
  const { made, told } = teller();
  made.absent();
  made.connecting();
  made.waiting(new KubeError(0, "Unreachable", "no"));
  made.watching();
  assert.deepEqual(
    told.map(({ absent }) => absent),
    [true, true, true, false],
  );
});

test("a watch that goes on after a planned end is not a change", () => {
  const { made, told } = teller();
  made.watching();
  made.connecting();
  made.watching();
  assert.equal(told.length, 1);
});
