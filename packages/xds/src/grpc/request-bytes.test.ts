import { create, toBinary } from "@bufbuild/protobuf";
import { DeltaDiscoveryRequestSchema } from "@carrick/proto/envoy/service/discovery/v3/discovery_pb.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { CLUSTER, DEFAULT_LIMITS, LimitError } from "../protocol/index.ts";
import { decodeRequest } from "./request-bytes.ts";
import type { RequestInit } from "./fixture.ts";

function bytesOf(request: RequestInit): Uint8Array {
  return toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, request));
}

const full: RequestInit = {
  typeUrl: CLUSTER,
  resourceNamesSubscribe: ["a", "b"],
  resourceNamesUnsubscribe: ["c"],
  initialResourceVersions: { d: "1", e: "2" },
  responseNonce: "7",
  errorDetail: { code: 13, message: "no" },
};
const decoded = {
  type: CLUSTER,
  request: { subscribe: ["a", "b"], unsubscribe: ["c"], initialVersions: { d: "1", e: "2" }, nonce: "7", error: "no" },
};

test("everything but the node is read", () => {
  const node = {
    id: "n",
    cluster: "c",
    extensions: Array.from({ length: 500 }, (_, i) => ({ name: `extension-${i}` })),
  };
  assert.deepEqual(decodeRequest(bytesOf(full), DEFAULT_LIMITS), decoded);
  assert.deepEqual(decodeRequest(bytesOf({ ...full, node }), DEFAULT_LIMITS), decoded);
});

test("a node in the middle and a second one are passed over", () => {
  const node = bytesOf({ node: { id: "n" } });
  const bytes = Buffer.concat([bytesOf({ typeUrl: CLUSTER }), node, bytesOf({ responseNonce: "3" }), node]);
  assert.equal(decodeRequest(bytes, DEFAULT_LIMITS).type, CLUSTER);
  assert.equal(decodeRequest(bytes, DEFAULT_LIMITS).request.nonce, "3");
});

test("a node is not decoded: its own bytes may be garbage", () => {
  const garbage = Buffer.from([0x0a, 3, 0xff, 0xff, 0xff]);
  assert.equal(decodeRequest(Buffer.concat([garbage, bytesOf(full)]), DEFAULT_LIMITS).request.nonce, "7");
});

test("an acknowledgement has no error, a first request no nonce", () => {
  assert.equal(
    "error" in decodeRequest(bytesOf({ typeUrl: CLUSTER, responseNonce: "1" }), DEFAULT_LIMITS).request,
    false,
  );
  assert.equal("nonce" in decodeRequest(bytesOf({ typeUrl: CLUSTER }), DEFAULT_LIMITS).request, false);
});

test("names are counted before they are read", () => {
  const limits = { ...DEFAULT_LIMITS, names: 5 };
  assert.equal(decodeRequest(bytesOf(full), limits).type, CLUSTER);
  const more = bytesOf({ ...full, resourceNamesUnsubscribe: ["c", "d"] });
  assert.throws(() => decodeRequest(more, limits), new LimitError("a request with more than 5 names"));
});

test("a type URL has the length of a name at most", () => {
  const limits = { ...DEFAULT_LIMITS, nameLength: 100 };
  assert.throws(() => decodeRequest(bytesOf({ typeUrl: "t".repeat(101) }), limits), LimitError);
});

for (const [what, bytes] of Object.entries({
  "a length beyond the end": [0x0a, 0xff, 0xff, 0xff, 0x0f],
  "a varint without end": Array<number>(20).fill(0xff),
  "field number 0": [0x00, 0x00],
  "a group that does not end": [0x0b],
  "a type URL that is not UTF-8": [0x12, 2, 0xc3, 0x28],
  "a map entry that is cut": [0x2a, 2, 0x0a, 9],
})) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => decodeRequest(Uint8Array.from(bytes), DEFAULT_LIMITS),
      (error) => !(error instanceof LimitError),
    );
  });
}
