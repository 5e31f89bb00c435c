import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { addressNumber, addressRange, addressText, familyOf, IpamError, nextAddress } from "./address-range.ts";

/** The first and the last address that a pod may have. */
function ends(cidr: string): [string, string] {
  const { first, last, family } = addressRange(cidr);
  return [addressText(first, family), addressText(last, family)];
}

test("network, gateway and broadcast address are not for pods", () => {
  assert.deepEqual(ends("10.11.1.0/24"), ["10.11.1.2", "10.11.1.254"]);
  assert.deepEqual(ends("10.11.1.4/30"), ["10.11.1.6", "10.11.1.6"]);
  assert.deepEqual(ends("0.0.0.0/0"), ["0.0.0.2", "255.255.255.254"]);
  assert.deepEqual(ends("fd10:1:1::/64"), ["fd10:1:1::2", "fd10:1:1:0:ffff:ffff:ffff:ffff"]);
  assert.deepEqual(ends("fd10:1:1::4/126"), ["fd10:1:1::6", "fd10:1:1::7"]);
  assert.equal(addressRange("FD10:1:1:0::/64").cidr, "fd10:1:1::/64");
});

test("what is no CIDR, or has no address for a pod, is an error that says what to write", () => {
  for (const text of [
    "",
    "/24",
    "10.11.1.0",
    "10.11.1.0/33",
    "10.11.1.0/-1",
    "10.11.1.0/024",
    "10.11/16",
    "fd10::%1/64",
  ]) {
    assert.throws(() => addressRange(text), { name: "IpamError", message: /is no CIDR; write one like/ }, text);
  }
  assert.throws(() => addressRange("::ffff:10.0.0.0/112"), /is no CIDR/);
  assert.throws(
    () => addressRange("10.11.1.5/24"),
    /10\.11\.1\.5\/24 has bits behind its length; write 10\.11\.1\.0\/24/,
  );
  assert.throws(() => addressRange("fd10::1:0:0:0/48"), /write fd10::\/48/);
  assert.throws(() => addressRange("10.11.1.0/31"), /no address for pods beside the reserved ones; give \/30 or more/);
  assert.throws(() => addressRange("fd10::2/127"), IpamError);
});

test("an address is its number and back", () => {
  fc.assert(fc.property(fc.ipV4(), (text) => addressText(addressNumber(text, 4), 4) === text));
  fc.assert(
    fc.property(fc.bigInt(0n, (1n << 128n) - 1n), (number) => {
      const text = addressText(number, 6);
      assert.equal(addressNumber(text, 6), number);
      if (number >> 32n !== 0xffffn) assert.equal(familyOf(text), 6);
    }),
  );
});

const range = fc
  .record({ length: fc.integer({ min: 24, max: 30 }), number: fc.nat({ max: 255 }), six: fc.boolean() })
  .map(({ length, number, six }) => {
    const network = number & (0xff << (32 - length)) & 0xff;
    return addressRange(six ? `fd10::${network.toString(16)}/${length + 96}` : `10.11.1.${network}/${length}`);
  });

test("what is given is free, inside, and the nearest after the last one in the circle", () => {
  fc.assert(
    fc.property(range, fc.infiniteStream(fc.boolean()), fc.option(fc.nat({ max: 400 })), (inside, coins, offset) => {
      const { first, last } = inside;
      const taken = new Set<bigint>();
      for (let number = first; number <= last; number++) if (coins.next().value === true) taken.add(number);
      const previous = offset === null ? undefined : first - 50n + BigInt(offset);
      const given = nextAddress(inside, previous, (number) => taken.has(number));
      // In the circle's order, beginning after the last one.
      const all = Array.from({ length: Number(last - first + 1n) }, (_, i) => first + BigInt(i));
      const cut = all.findIndex((number) => previous !== undefined && number > previous && previous >= first);
      const order = cut < 0 ? all : [...all.slice(cut), ...all.slice(0, cut)];
      assert.equal(
        given,
        order.find((number) => !taken.has(number)),
      );
    }),
  );
});

test("an address that was given back is given again only after all others", () => {
  fc.assert(
    fc.property(range, fc.array(fc.nat(), { maxLength: 600 }), (inside, steps) => {
      const size = Number(inside.last - inside.first + 1n);
      const held: bigint[] = [];
      const restingSince = new Map<bigint, number>();
      let last: bigint | undefined;
      for (const [turn, step] of steps.entries()) {
        if (step % 3 === 0 && held.length > 0) {
          const [back] = held.splice(step % held.length, 1);
          restingSince.set(back!, turn);
          continue;
        }
        const given = nextAddress(inside, last, (number) => held.includes(number));
        if (given === undefined) {
          assert.equal(held.length, size);
          continue;
        }
        assert.ok(!held.includes(given));
        // With a hole in front of it, an address that came back later is passed by: the circle goes on from the last.
        const free = size - held.length;
        if (last !== undefined && free > 1) assert.notEqual(given, last);
        held.push(given);
        last = given;
      }
    }),
  );
});
