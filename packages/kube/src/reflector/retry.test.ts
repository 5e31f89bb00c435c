import assert from "node:assert/strict";
import { test } from "node:test";
import { KubeError } from "../kube-error.ts";
import { retry, retryTimings } from "./retry.ts";

function waits(error: KubeError, failures: number[], established = false, random = 0): number[] {
  return failures.map((count) => retry(error, count, established, random, retryTimings).waitMs);
}

const refused = (status: number, retryAfter?: number) => new KubeError(status, "", "", { retryAfter });
const unanswered = (reason: string) => new KubeError(0, reason, "");

test("waits double up to 30 s, of which half is random", () => {
  for (const error of [refused(500), refused(403), refused(401), unanswered("Timeout"), unanswered("Credentials")]) {
    assert.deepEqual(waits(error, [1, 2, 3, 4, 9, 1_000]), [100, 200, 400, 800, 15_000, 15_000]);
    assert.deepEqual(waits(error, [1, 2, 9], false, 0.999), [199.9, 399.8, 29_985]);
  }
});

test("a connection that is lost or refused is tried again sooner, most of all where a watch was established", () => {
  assert.deepEqual(waits(unanswered("Unreachable"), [1, 2, 3, 9, 99], true), [100, 200, 400, 500, 500]);
  assert.deepEqual(waits(unanswered("Unreachable"), [1, 2, 3, 9, 99], false), [100, 200, 400, 2_500, 2_500]);
});

test("Retry-After is obeyed, with some randomness above it and a bound", () => {
  assert.deepEqual(waits(refused(429, 7_000), [1, 2]), [7_000, 7_000]);
  assert.deepEqual(waits(refused(429, 7_000), [1], true, 0.5), [7_350]);
  assert.deepEqual(waits(refused(503, 7_000), [20]), [15_000], "not sooner than the back-off");
  assert.deepEqual(waits(refused(429, 1e12), [1]), [60_000]);
});

function relists(error: KubeError): boolean[] {
  return [1, 2, 3].map((failures) => retry(error, failures, true, 0, retryTimings).relist);
}

test("a version that the server has forgotten is listed again at once", () => {
  for (const error of [refused(410), refused(404), new KubeError(500, "Expired", ""), new KubeError(500, "Gone", "")]) {
    assert.deepEqual(relists(error), [true, true, true]);
  }
});

test("a version that the server fails at again and again is given up", () => {
  for (const error of [refused(500), refused(504), refused(400), unanswered("Malformed")]) {
    assert.deepEqual(relists(error), [false, false, true]);
  }
});

test("a server that is away, busy or forbids is not asked for a list on top", () => {
  for (const error of [...[401, 403, 429, 503].map((status) => refused(status)), unanswered("Unreachable")]) {
    assert.deepEqual(relists(error), [false, false, false]);
  }
});
