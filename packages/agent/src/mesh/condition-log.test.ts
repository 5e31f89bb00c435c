import assert from "node:assert/strict";
import { test } from "node:test";
import type { Condition } from "../bpf/index.ts";
import { ConditionLog } from "./condition-log.ts";

function logged() {
  const lines: string[] = [];
  const log = new ConditionLog({
    warn: (line) => void lines.push(`warn ${line}`),
    info: (line) => void lines.push(`info ${line}`),
  });
  return { take: () => lines.splice(0), log };
}

const conditions = (...messages: readonly string[]) =>
  new Map(messages.map((message): [string, Condition] => [message.slice(0, 1), { reason: "Full", message }]));

test("a condition is said once when it comes, when its words change, and when it goes", () => {
  const { log, take } = logged();
  log.tell(conditions("a: one", "b: two"));
  assert.deepEqual(take(), ["warn a: one", "warn b: two"]);
  log.tell(conditions("a: one", "b: two"));
  assert.deepEqual(take(), []);
  log.tell(conditions("a: other"));
  assert.deepEqual(take(), ["warn a: other", "info is over: b: two"]);
  log.tell(new Map());
  assert.deepEqual(take(), ["info is over: a: other"]);
});

test("of thousands the first are said, and how many more there are", () => {
  const { log, take } = logged();
  const many = new Map(
    Array.from({ length: 1000 }, (_, i): [string, Condition] => [`s${i}`, { reason: "Full", message: `s${i}: full` }]),
  );
  log.tell(many);
  const lines = take();
  assert.equal(lines.length, 21);
  assert.equal(lines.at(-1), "warn 980 more conditions; carrick_agent_conditions counts those that hold");
  log.tell(new Map());
  assert.equal(take().at(-1), "info 980 more conditions are over; carrick_agent_conditions counts those that hold");
});
