import assert from "node:assert/strict";
import { test } from "node:test";
import { addressBytes } from "./address.ts";
import { decode, encode } from "./codec.ts";
import { Backend, BackendKey, Connection, FrontendKey, Image } from "./generated.ts";

const ip = addressBytes("10.1.2.3");

test("a port lies in network order, a number in the machine's", () => {
  const key = encode(FrontendKey, { ip, port: 80, protocol: 6, scope: 1 });
  assert.deepEqual([...key], [...ip, 0, 80, 6, 1]);
  assert.deepEqual([...encode(Backend, { state: 2, cluster: 0x0102, since: 3 })], [2, 0, 2, 1, 3, 0, 0, 0]);
});

test("what was encoded is decoded the same, also structs in structs", () => {
  const endpoint = (port: number) => ({ ip, port, tag: 7 });
  const connection = { frontend: endpoint(80), backend: endpoint(8080) };
  assert.deepEqual(decode(Connection, encode(Connection, connection)), connection);
});

test("reserved fields become zeros even where something lay before", () => {
  const bytes = new Uint8Array(BackendKey.size).fill(0xff);
  BackendKey.write(new DataView(bytes.buffer), 0, { uid: 1, ip, port: 80 });
  assert.deepEqual([...bytes.subarray(BackendKey.offset.reserved)], [0, 0]);
});

test("a wrong size is refused, of the struct and of a field in it", () => {
  assert.throws(() => decode(Image, new Uint8Array(31)), /struct image has 32 bytes, not 31/);
  assert.throws(() => encode(BackendKey, { uid: 1, ip: ip.subarray(12), port: 80 }), /16 bytes, not 4/);
});
