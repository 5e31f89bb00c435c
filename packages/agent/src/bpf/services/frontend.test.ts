import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { addressBytes } from "../layout/address.ts";
import { addressKey, frontendKey, frontendWord, MAX_SLOTS, slotOf } from "./frontend.ts";

const frontend = {
  ip: addressBytes("10.96.0.1"),
  port: 80,
  protocol: "TCP",
  scope: "internal",
  exclusive: true,
} as const;

test("a key has address, port in network order, protocol and scope", () => {
  assert.deepEqual([...frontendKey(frontend)].slice(12), [10, 96, 0, 1, 0, 80, 6, 0]);
  const udp = frontendKey({ ...frontend, protocol: "UDP", scope: "external" });
  assert.deepEqual([...udp].slice(16), [0, 80, 17, 1]);
  assert.deepEqual([...addressKey(frontend)].slice(12), [10, 96, 0, 1, 0, 0, 0, 0]);
});

test("a value leads to its slot with its own key, and with no other key or slot", () => {
  const key = fc.uint8Array({ minLength: 20, maxLength: 20 });
  const slot = fc.integer({ min: 0, max: MAX_SLOTS - 1 });
  fc.assert(
    fc.property(key, key, slot, slot, (one, other, slot, otherSlot) => {
      const word = frontendWord(one, slot);
      assert.equal(slotOf(one, word), slot);
      if (Buffer.compare(one, other) !== 0) assert.equal(slotOf(other, word), undefined);
      if (slot === otherSlot) return;
      // A copy of which only the half with the slot is new.
      const torn = Uint8Array.from([...frontendWord(one, otherSlot).subarray(0, 3), ...word.subarray(3)]);
      assert.equal(slotOf(one, torn), undefined);
    }),
  );
});

test("a slot that does not fit is refused", () => {
  assert.throws(() => frontendWord(frontendKey(frontend), MAX_SLOTS), /slot 16777216 is not below 16777216/);
});
