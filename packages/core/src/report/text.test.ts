import assert from "node:assert/strict";
import { test } from "node:test";
import { paragraph, printable, shortened, wrap } from "./text.ts";

test("text of others cannot move the cursor, colour the screen or turn the line around", () => {
  assert.equal(printable("a\u001b[2Jb\u0007c\u009bd\u202ee"), "a\\u{1b}[2Jb\\u{7}c\\u{9b}d\\u{202e}e");
  assert.equal(printable("one\n  two\tthree"), "one two three");
  assert.equal(printable("Zürich, naïve, 東京"), "Zürich, naïve, 東京");
});

test("lines break between words, and a long word stands alone", () => {
  assert.deepEqual(wrap("a bb ccc dddd", 5), ["a bb", "ccc", "dddd"]);
  assert.deepEqual(wrap("aaaaaaaaaa b", 5), ["aaaaaaaaaa", "b"]);
  assert.deepEqual(paragraph("x", 10, "  "), ["  x"]);
});

test("long names lose their middle", () => {
  assert.equal(shortened("abcdefghij", 10), "abcdefghij");
  assert.equal(shortened("abcdefghijk", 10), "abcde…hijk");
});
