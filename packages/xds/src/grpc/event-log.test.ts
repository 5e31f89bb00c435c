import assert from "node:assert/strict";
import { test } from "node:test";
import { EventLog } from "./fixture.ts";

test("a log of events finds what was and waits for what comes", async () => {
  const log = new EventLog<number>();
  log.add(1);
  assert.equal(await log.seen((n) => n === 1), 1);
  const next = log.next((n) => n === 1);
  log.add(1);
  assert.equal(await next, 1);
});
