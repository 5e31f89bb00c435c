import assert from "node:assert/strict";
import { test } from "node:test";
import { type BtfType, codecs } from "./codecs.ts";

const U16: BtfType = { id: 1, kind: "INT", name: "unsigned short", size: 2 };
const BE16: BtfType = { id: 2, kind: "TYPEDEF", name: "__be16", type_id: 1 };

function struct(...members: [name: string, type_id: number, at: number][]): BtfType {
  return {
    id: 9,
    kind: "STRUCT",
    name: "some_thing",
    size: 8,
    members: members.map(([name, type_id, at]) => ({ name, type_id, bits_offset: at * 8 })),
  };
}

test("offset, width and order of a field come from its type", () => {
  const text = codecs([U16, BE16, struct(["own_number", 1, 0], ["port", 2, 2], ["reserved", 1, 4])]);
  assert.match(text, /export const SomeThing = \{\n {2}name: "some_thing",\n {2}size: 8,/);
  assert.match(text, /view\.setUint16\(at, value\.ownNumber, true\);/);
  assert.match(text, /port: view\.getUint16\(at \+ 2, false\),/);
  assert.match(text, /zero\(view, at \+ 4, 2\);/);
  assert.doesNotMatch(text, /value\.reserved/);
});

test("an array of numbers is a tuple, one of bytes and an address are bytes", () => {
  const array: BtfType = { id: 3, kind: "ARRAY", name: "", type_id: 1, nr_elems: 2 };
  const u8: BtfType = { id: 4, kind: "INT", name: "unsigned char", size: 1 };
  const mac: BtfType = { id: 5, kind: "ARRAY", name: "", type_id: 4, nr_elems: 6 };
  const text = codecs([U16, array, u8, mac, struct(["pair", 3, 0], ["mac", 5, 4])]);
  assert.match(text, /readonly pair: readonly \[number, number\];/);
  assert.match(text, /view\.setUint16\(at \+ 2, value\.pair\[1\], true\)/);
  assert.match(text, /writeBytes\(view, at \+ 4, value\.mac, 6\)/);
});

test("an enum is constants; what has no codec is refused by name", () => {
  const values = [{ name: "ONE", val: 1 }];
  assert.match(codecs([{ id: 1, kind: "ENUM", name: "e", size: 4, values }]), /export const ONE = 1;/);
  const pointer: BtfType = { id: 3, kind: "PTR", name: "p" };
  assert.throws(() => codecs([pointer, struct(["to", 3, 0])]), /PTR p has no codec/);
  const bit: BtfType = { ...struct(), members: [{ name: "bit", type_id: 1, bits_offset: 3 }] };
  assert.throws(() => codecs([U16, bit]), /some_thing\.bit is a bit field/);
  assert.throws(() => codecs([struct(["x", 77, 0])]), /type 77 is not in the BTF/);
});
