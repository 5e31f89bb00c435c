import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRetryAfter, refusal, statusError } from "./kube-error.ts";

test("a Status object tells reason, message and wait; a header tells the wait better", () => {
  const body = JSON.stringify({
    kind: "Status",
    reason: "Expired",
    message: "too old",
    details: { retryAfterSeconds: 2 },
  });
  const error = refusal(410, "GET /x", body, undefined);
  assert.deepEqual([error.status, error.reason, error.retryAfter], [410, "Expired", 2_000]);
  assert.equal(error.message, "GET /x: 410 Expired: too old");
  assert.equal(refusal(429, "GET /x", body, 5_000).retryAfter, 5_000);
});

test("whatever else a refusal says is shown as it is, within bounds", () => {
  assert.equal(refusal(418, "GET /x", "", undefined).message, "GET /x: 418 HTTP 418: no reason given");
  assert.equal(refusal(503, "GET /x", "{ broken", undefined).message, "GET /x: 503 ServiceUnavailable: { broken");
  assert.equal(refusal(500, "x", "y".repeat(9_999), undefined).message.length, "x: 500 InternalError: ".length + 500);
});

test("a Status object of a watch has its own code, or counts as an error of the server", () => {
  assert.equal(statusError("x", { code: 410, reason: "Gone", message: "m" }).status, 410);
  for (const code of [undefined, "410", 200, 1.5, NaN]) assert.equal(statusError("x", { code }).status, 500);
});

test("Retry-After is seconds or a date", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assert.equal(parseRetryAfter("7", now), 7_000);
  assert.equal(parseRetryAfter("Thu, 01 Jan 2026 00:00:10 GMT", now), 10_000);
  assert.equal(parseRetryAfter("Thu, 01 Jan 2020 00:00:00 GMT", now), 0);
  for (const header of [undefined, "", "soon", "-1e9", "99999999999"])
    assert.equal(parseRetryAfter(header, now), undefined);
});
