import assert from "node:assert/strict";
import { test } from "node:test";
import { HEALTHY, healthWord, nextSequence, readHealth, sequenceOf } from "./health-word.ts";

test("a share is in 256ths; all and nothing are exact, and nothing else becomes one of them", () => {
  const share = (of: number): number => Number(healthWord({ ...HEALTHY, share: of }, 1) & 255n);
  assert.deepEqual([0, 0.0001, 0.5, 0.9999, 1].map(share), [0, 1, 128, 254, 255]);
  for (const wrong of [-0.1, 1.1, Number.NaN]) assert.throws(() => share(wrong), /is not between 0 and 1/);
});

test("drain, sequence and deadline have places of their own", () => {
  const word = healthWord({ share: 0, drain: 1, deadline: 0xffff_fffe }, 0xabcd);
  assert.equal(word, 0xfffffffe_abcd_ff_00n);
  assert.equal(sequenceOf(word), 0xabcd);
});

test("what was written is read, to 256ths; a word that nobody wrote says nothing bad", () => {
  for (const health of [{ share: 0.25, drain: 1, deadline: 7 }, { share: 1, drain: 0, deadline: 0xffff_ffff }, HEALTHY])
    assert.deepEqual(readHealth(healthWord(health, 9)), health);
  assert.deepEqual(readHealth(0n), HEALTHY);
});

test("a sequence is never 0, so that no word is", () => {
  assert.deepEqual([0, 1, 0xfffe, 0xffff].map(nextSequence), [1, 2, 0xffff, 1]);
});
