import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { readAcknowledgement } from "./acknowledgement.ts";
import {
  attribute,
  concat,
  nested,
  NetlinkFormatError,
  readAttributes,
  readText,
  readU32,
  readU8,
  text,
  u32,
  u8,
} from "./attribute.ts";
import { Conversation } from "./conversation.ts";
import { Control, encodeMessage, Flag, readMessages } from "./message.ts";

/** Little-endian, as every machine on which these tests run. */
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (...parts: (string | number)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "number" ? [part] : [...Buffer.from(part, "hex")])));

test("attributes are padded to four bytes, their length is not", () => {
  const table: [string, Uint8Array, string][] = [
    ["string with its NUL", text(3, "eth0"), "0900030065746830 00000000"],
    ["32 bits", u32(4, 1500), "08000400dc050000"],
    ["8 bits", u8(20, 7), "0500140007000000"],
    ["empty", attribute(1, new Uint8Array()), "04000100"],
    ["nested says so", nested(18, text(1, "veth")), "10001280 0900010076657468 00000000"],
  ];
  for (const [name, encoded, expected] of table) assert.equal(hex(encoded), expected.replaceAll(" ", ""), name);
  assert.throws(() => attribute(1, new Uint8Array(65_532)), /65532 bytes are more than it can carry/);
  assert.throws(() => text(3, "eth\0"), /has a NUL inside/);
});

test("what was encoded is read again; the last of a type counts", () => {
  const read = readAttributes(concat([text(3, "a"), nested(18, u32(1, 9)), text(3, "b")]));
  assert.equal(readText(read, 3), "b");
  assert.equal(readU32(readAttributes(read.get(18)!), 1), 9);
  assert.equal(readU32(read, 99), undefined);
  assert.throws(() => readU32(read, 3), /attribute 3: 2 bytes are no 32-bit number/);
  assert.throws(() => readU8(read, 3), /attribute 3: 2 bytes are no 8-bit number/);
});

test("hostile lengths are errors", () => {
  const table: [string, () => unknown, RegExp][] = [
    ["attribute shorter than its header", () => readAttributes(bytes("03000100")), /says 3 bytes, 4 are left/],
    ["attribute of length 0", () => readAttributes(bytes("00000100")), /says 0 bytes/],
    ["attribute longer than the rest", () => readAttributes(bytes("0900010000000000")), /says 9 bytes, 8 are left/],
    ["half a header", () => readAttributes(bytes("0400010001")), /byte 4: only 1 bytes are left/],
    ["message shorter than its header", () => readMessages(bytes("0f000000", "00".repeat(12))), /says 15 bytes/],
    ["message longer than the rest", () => readMessages(bytes("ffffffff", "00".repeat(12))), /says 4294967295 bytes/],
    ["half a message header", () => readMessages(bytes("1000")), /only 2 bytes are left/],
  ];
  for (const [name, read, message] of table) assert.throws(read, { name: "NetlinkFormatError", message }, name);
});

test("no bytes make the readers throw anything but their error, or give more than they got", () => {
  const readers = [readAttributes, readMessages, (raw: Uint8Array) => new Conversation(0).take(raw)];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 40 }), (raw, offset) => {
      // In the middle of a larger buffer: whoever reads past the end sees what is not its own.
      const around = new Uint8Array(raw.length + 80).fill(0xee);
      around.set(raw, offset);
      const window = around.subarray(offset, offset + raw.length);
      for (const read of readers) {
        try {
          read(window);
        } catch (error) {
          assert.ok(error instanceof NetlinkFormatError, String(error));
        }
      }
      let values: Uint8Array[];
      try {
        values = [...readAttributes(window).values()];
      } catch {
        return;
      }
      for (const value of values) {
        assert.ok(value.byteOffset >= offset && value.byteOffset + value.length <= offset + raw.length);
      }
    }),
  );
});

test("any messages are read as they were written", () => {
  const message = fc.record({
    type: fc.integer({ min: 0, max: 0xffff }),
    flags: fc.integer({ min: 0, max: 0xffff }),
    sequence: fc.integer({ min: 0, max: 0xffff_ffff }),
    body: fc.uint8Array({ maxLength: 8 }).map((body) => concat([body, new Uint8Array(-body.length & 3)])),
  });
  fc.assert(
    fc.property(fc.array(message), (messages) => {
      const read = readMessages(concat(messages.map(encodeMessage)));
      assert.deepEqual(
        read.map((one) => ({ ...one, body: [...one.body] })),
        messages.map((one) => ({ ...one, body: [...one.body] })),
      );
    }),
  );
});

/** `struct nlmsgerr`: the error, then the header of the request. */
function errorMessage(errno: number, flags: number, rest: Uint8Array, requestLength = 16): Uint8Array {
  const body = new Uint8Array(20);
  new DataView(body.buffer).setInt32(0, -errno, true);
  new DataView(body.buffer).setUint32(4, requestLength, true);
  return encodeMessage({ type: Control.error, flags, sequence: 7, body: concat([body, rest]) });
}

test("an error carries the kernel's own words, behind a capped request and behind a whole one", () => {
  const words = text(1, "Nexthop has invalid gateway");
  const read = (raw: Uint8Array): unknown => readAcknowledgement(readMessages(raw)[0]!);
  const capped = errorMessage(101, Flag.capped | Flag.attributes, words, 60);
  assert.deepEqual(read(capped), { errno: 101, text: "Nexthop has invalid gateway" });
  const whole = errorMessage(101, Flag.attributes, concat([new Uint8Array(8), words]), 24);
  assert.deepEqual(read(whole), { errno: 101, text: "Nexthop has invalid gateway" });
  assert.deepEqual(read(errorMessage(0, Flag.capped, new Uint8Array())), { errno: 0 });
  assert.throws(() => read(errorMessage(1, Flag.attributes, words, 4000)), /says its request has 4000 bytes/);
  assert.throws(() => read(errorMessage(1, Flag.attributes, words, 3)), /says its request has 3 bytes/);
  assert.throws(() => read(errorMessage(-5, 0, new Uint8Array())), /5 is no error number/);
  const short = encodeMessage({ type: Control.error, flags: 0, sequence: 7, body: new Uint8Array(2) });
  assert.throws(() => read(short), /2 bytes hold no error number/);
});

const row = (sequence: number, value: number, flags: number = Flag.multi): Uint8Array =>
  encodeMessage({ type: 24, flags, sequence, body: Uint8Array.of(value, 0, 0, 0) });
const done = (sequence: number, flags: number = Flag.multi): Uint8Array =>
  encodeMessage({ type: Control.done, flags, sequence, body: new Uint8Array(4) });

test("a dump is whole when its end is said; rows of another request are dropped", () => {
  const conversation = new Conversation(7);
  const datagram = concat([row(6, 99), row(7, 1), row(7, 2)]);
  assert.equal(conversation.take(datagram), undefined);
  datagram.fill(0);
  assert.equal(conversation.take(done(6)), undefined);
  const answer = conversation.take(concat([row(7, 3), done(7)]));
  assert.deepEqual(answer, {
    errno: 0,
    interrupted: false,
    rows: [1, 2, 3].map((value) => Uint8Array.of(value, 0, 0, 0)),
  });
});

test("a dump that the table's change interrupted says so, wherever the kernel says it", () => {
  for (const datagram of [concat([row(7, 1, Flag.multi | Flag.interrupted), done(7)]), done(7, Flag.interrupted)]) {
    assert.equal(new Conversation(7).take(datagram)?.interrupted, true);
  }
  const lost = encodeMessage({ type: Control.overrun, flags: 0, sequence: 7, body: new Uint8Array() });
  assert.throws(() => new Conversation(7).take(lost), /lost a part of its answer/);
});
