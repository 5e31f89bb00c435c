import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeQuestion, encodeAnswer, FrameError, MAX_ANSWER, MAX_QUESTION, questionSize } from "./frame.ts";

/** The bytes that the client sends. */
function question(...texts: readonly string[]): Buffer {
  const parts = texts.flatMap((text) => {
    const bytes = Buffer.from(text);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(bytes.length);
    return [size, bytes];
  });
  const body = Buffer.concat(parts);
  const header = Buffer.from("CRQ1\0\0\0\0", "latin1");
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

test("a question is its six texts, whatever stands in them", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" }), { minLength: 6, maxLength: 6 }), (texts) => {
      const bytes = question(...texts);
      assert.equal(questionSize(bytes.subarray(0, 8)), bytes.length);
      const { command, containerId, netns, ifname, args, input } = decodeQuestion(bytes);
      assert.deepEqual([command, containerId, netns, ifname, args, input], texts);
    }),
  );
});

test("a question that is cut, long, or has too few or too many texts is refused", () => {
  const whole = question("ADD", "c", "/n", "eth0", "", "{}");
  assert.equal(questionSize(whole.subarray(0, 7)), undefined);
  for (let size = 8; size < whole.length; size++) {
    assert.throws(() => decodeQuestion(whole.subarray(0, size)), FrameError, `${size} bytes`);
    const cut = Buffer.from(whole.subarray(0, size));
    cut.writeUInt32BE(size - 8, 4);
    assert.throws(() => decodeQuestion(cut), FrameError, `${size} bytes with their own size`);
  }
  assert.throws(() => decodeQuestion(question("ADD", "c", "/n", "eth0", "", "{}", "")), /exactly six texts/);
  const large = Buffer.from(whole);
  large.writeUInt32BE(MAX_QUESTION + 1, 4);
  assert.throws(() => questionSize(large), /a question of 1048577 bytes, at most 1048576 are read/);
  assert.throws(() => questionSize(Buffer.from("GET / HTTP/1.1\r\n")), /no question of a Carrick CNI client/);
});

test("bytes that are no question throw a FrameError and nothing else", () => {
  const bytes = fc.uint8Array({ maxLength: 200 }).map((body) => {
    const header = Buffer.from("CRQ1\0\0\0\0", "latin1");
    header.writeUInt32BE(body.length, 4);
    return Buffer.concat([header, body]);
  });
  fc.assert(
    fc.property(bytes, (frame) => {
      try {
        decodeQuestion(frame);
      } catch (error) {
        assert.ok(error instanceof FrameError);
      }
    }),
  );
});

test("an answer is a status, a size and a text; one that a client would refuse is not made", () => {
  assert.equal(encodeAnswer({ ok: true, text: "" }).toString("latin1"), "CRS1\0\0\0\0\0\0\0\0");
  assert.equal(encodeAnswer({ ok: false, text: "é" }).toString("latin1"), "CRS1\0\0\0\x01\0\0\0\x02\xc3\xa9");
  assert.equal(encodeAnswer({ ok: true, text: "x".repeat(MAX_ANSWER) }).length, MAX_ANSWER + 12);
  assert.throws(() => encodeAnswer({ ok: true, text: "é".repeat(MAX_ANSWER / 2) + "x" }), /a client takes 262144/);
});
