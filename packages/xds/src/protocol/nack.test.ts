import assert from "node:assert/strict";
import { test } from "node:test";
import { blamed, shownMessage } from "./nack.ts";

const SHOWN: readonly (readonly [said: string, shown: string])[] = [
  ["Error adding/updating cluster(s) a: no", "Error adding/updating cluster(s) a: no"],
  [
    'Proto constraint validation failed (SecretValidationError.Name): name: "s" tls_certificate { private_key ... }',
    "Proto constraint validation failed (SecretValidationError.Name)",
  ],
  ["bad -----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- here", "bad [redacted] here"],
  ['bad inline_string: "se\\"cret" here', "bad inline_string: [redacted] here"],
  ["bad password: secret here", "bad password: [redacted] here"],
  ["two\n  lines", "two lines"],
];

for (const [said, shown] of SHOWN) {
  test(`a refusal is shown without what it prints: ${shown}`, () => assert.equal(shownMessage(said), shown));
}

test("a long refusal is cut", () => {
  assert.equal(shownMessage("x".repeat(100_000)).length, 512);
});

test("a refusal blames the names that it mentions", () => {
  const names = new Map([
    ["a/b", 1],
    ["c", 1],
    ["", 1],
  ]);
  assert.deepEqual([...blamed("cluster(s) a/b: no", names)], ["a/b", "c"], "by its letters: tried alone, no more");
  assert.deepEqual([...blamed("no", names)], []);
});
