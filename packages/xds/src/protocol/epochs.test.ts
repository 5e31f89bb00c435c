import assert from "node:assert/strict";
import { test } from "node:test";
import { pick, randomOf } from "@carrick/testing";
import { Epochs } from "./epochs.ts";

test("the smallest of a bag, through random additions and deletions", () => {
  const random = randomOf(1);
  for (let round = 0; round < 200; round++) {
    const epochs = new Epochs();
    const bag: number[] = [];
    for (let step = 0; step < 200; step++) {
      if (bag.length === 0 || random(5) < 3) {
        const epoch = random(3) === 0 && bag.length > 0 ? pick(random, bag) : random(60);
        bag.push(epoch);
        epochs.add(epoch);
      } else {
        const [epoch] = bag.splice(random(bag.length), 1);
        epochs.delete(epoch!);
      }
      if (random(2) === 0) assert.equal(epochs.oldest, Math.min(Infinity, ...bag));
    }
  }
});

test("an old epoch that stays does not keep those that came and went", () => {
  const epochs = new Epochs();
  epochs.add(0);
  for (let epoch = 1; epoch < 10_000; epoch++) {
    epochs.add(epoch);
    epochs.delete(epoch);
  }
  assert.equal(epochs.oldest, 0);
  assert.ok(epochs.kept <= 64, `${epochs.kept} kept`);
});
