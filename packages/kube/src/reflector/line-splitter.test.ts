import assert from "node:assert/strict";
import { test } from "node:test";
import { array, assert as holds, integer, property, string } from "fast-check";
import { LineSplitter } from "./line-splitter.ts";

function split(chunks: readonly Uint8Array[], maxBytes = 1000): string[] {
  const lines = new LineSplitter(maxBytes);
  return chunks.flatMap((chunk) => [...lines.push(chunk)].map(String));
}

test("lines are the same however the bytes are cut into pieces", () => {
  holds(
    property(array(string({ unit: "grapheme" })), array(integer({ min: 1, max: 9 })), (texts, cuts) => {
      const wanted = texts.flatMap((text) => text.split("\n")).filter((line) => line !== "");
      const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(""));
      const chunks: Buffer[] = [];
      for (let start = 0, i = 0; start < bytes.length; i += 1) {
        const length = cuts[i % Math.max(1, cuts.length)] ?? bytes.length;
        chunks.push(bytes.subarray(start, start + length));
        start += length;
      }
      assert.deepEqual(split(chunks), wanted);
    }),
  );
});

test("a line longer than the bound is refused, in one piece or in many", () => {
  const malformed = { reason: "Malformed" };
  assert.deepEqual(split([Buffer.from("1234567890\n")], 10), ["1234567890"]);
  assert.throws(() => split([Buffer.from("12345678901\n")], 10), malformed);
  assert.throws(
    () =>
      split(
        Array.from("12345678901", (byte) => Buffer.from(byte)),
        10,
      ),
    malformed,
  );
});

test("an end inside a line is told, an end between lines is not", () => {
  const lines = new LineSplitter(100);
  assert.deepEqual([...lines.push(Buffer.from("one\n"))].map(String), ["one"]);
  lines.end();
  assert.deepEqual([...lines.push(Buffer.from("tw"))], []);
  assert.throws(() => lines.end(), /ended inside a line of 2 bytes/);
});

test("what is left over does not keep the piece that it came with", () => {
  const chunk = Buffer.from("one\ntwo");
  const lines = new LineSplitter(100);
  assert.deepEqual([...lines.push(chunk)].map(String), ["one"]);
  chunk.fill("x");
  assert.deepEqual([...lines.push(Buffer.from("\n"))].map(String), ["two"]);
});
