import assert from "node:assert/strict";
import { test } from "node:test";
import { maglev } from "./maglev.ts";

const SIZE = 1021;
const names = Array.from({ length: 50 }, (_, i) => Uint8Array.of(10, 1, 0, i));

test("every member gets its part of the ring, to within one turn of filling", () => {
  const count = new Map<number, number>();
  for (const member of maglev(names, SIZE)) count.set(member, (count.get(member) ?? 0) + 1);
  assert.equal(count.size, 50);
  assert.deepEqual(
    [...new Set(count.values())].toSorted((a, b) => a - b),
    [20, 21],
  );
});

test("a member that goes moves few entries of the others", () => {
  const before = maglev(names, SIZE);
  const after = maglev(names.slice(1), SIZE);
  const moved = before.filter((member, at) => member !== 0 && after[at] !== member - 1).length;
  assert.ok(moved < SIZE * 0.1, `${moved} of ${SIZE}`);
});

test("the ring depends on the names and nothing else", () => {
  assert.deepEqual(
    maglev(names, SIZE),
    maglev(
      names.map((name) => name.slice()),
      SIZE,
    ),
  );
});
