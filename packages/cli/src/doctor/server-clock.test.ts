import assert from "node:assert/strict";
import { test } from "node:test";
import { checkClock } from "./cluster.ts";
import { skewOf } from "./server-clock.ts";

const AT = Date.parse("2030-01-01T00:00:10Z");

test("only what cannot be explained by whole seconds and the time of the request is skew", () => {
  const skew = (server: number, asked: number, answered: number) =>
    skewOf({ server: AT + server, asked: AT + asked, answered: AT + answered });
  assert.equal(skew(0, 0, 5), 0);
  assert.equal(skew(0, 900, 950), 0);
  assert.equal(skew(0, -5000, 5000), 0);
  assert.equal(skew(0, -2000, -1000), 1000);
  assert.equal(skew(0, 2000, 2100), -1001);
});

test("more than 30 s is a problem, in either direction", () => {
  const check = (server: number) => checkClock("c", { server: AT + server, asked: AT, answered: AT });
  assert.equal(check(30_000).level, "ok");
  assert.equal(check(-30_000).level, "ok");
  assert.equal(check(65_000).says, "its clock is 1 min ahead of ours");
  assert.equal(check(-40_000).says, "its clock is 39 s behind ours");
  assert.equal(check(-40_000).level, "problem");
});
