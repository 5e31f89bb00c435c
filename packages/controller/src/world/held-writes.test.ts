import assert from "node:assert/strict";
import { test } from "node:test";
import { HeldWrites } from "./held-writes.ts";

test("the same name of several clusters is released together, writes of a row in their order, then the rest", () => {
  const held = new HeldWrites();
  const done: string[] = [];
  const hold = (key: string, what: string) => held.hold(key, () => done.push(what));
  held.afterwards(() => done.push("all of london was told"));
  hold("london/shop/b", "london b");
  hold("london/shop/a", "london a 1");
  hold("paris/shop/a", "paris a");
  hold("london/shop/a", "london a 2");
  for (const run of held.release()) run();
  assert.deepEqual(done, ["london a 1", "london a 2", "paris a", "london b", "all of london was told"]);
  assert.deepEqual(held.release(), []);
});
