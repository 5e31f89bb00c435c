import { create, toBinary } from "@bufbuild/protobuf";
import { DeltaDiscoveryResponseSchema } from "@carrick/proto/envoy/service/discovery/v3/discovery_pb.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { CLUSTER } from "../protocol/index.ts";
import type { DeltaResponse } from "../protocol/index.ts";
import { encodeResponse } from "./response-bytes.ts";

function reference({ type, nonce, resources, removed }: DeltaResponse): Uint8Array {
  return toBinary(
    DeltaDiscoveryResponseSchema,
    create(DeltaDiscoveryResponseSchema, {
      typeUrl: type,
      nonce,
      removedResources: [...removed],
      resources: resources.map(({ name, version, body }) => ({
        name,
        version,
        resource: { typeUrl: type, value: body },
      })),
    }),
  );
}

const BODIES = [0, 1, 100, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152];

for (const [what, response] of Object.entries<DeltaResponse>({
  nothing: { type: "", nonce: "", resources: [], removed: [] },
  "an empty answer": { type: CLUSTER, nonce: "1", resources: [], removed: [] },
  removals: { type: CLUSTER, nonce: "2", resources: [], removed: ["a", "", "é".repeat(100)] },
  "a resource without anything": {
    type: CLUSTER,
    nonce: "3",
    resources: [{ name: "", version: "", body: new Uint8Array() }],
    removed: [],
  },
  "names beyond ASCII": {
    type: CLUSTER,
    nonce: "4",
    resources: [{ name: "köln/東京/🦊", version: "é", body: Uint8Array.of(1) }],
    removed: ["東京"],
  },
  "bodies around the steps of a varint": {
    type: CLUSTER,
    nonce: "12345",
    resources: BODIES.map((size) => ({
      name: `body-${size}`,
      version: "0123456789ab",
      body: new Uint8Array(size).fill(7),
    })),
    removed: ["gone"],
  },
})) {
  test(`the bytes are those of protobuf-es: ${what}`, () => {
    const bytes = encodeResponse(response);
    assert.ok(bytes.equals(reference(response)));
  });
}

test("envelopes of equal length around names of all lengths", () => {
  for (let length = 0; length < 300; length++) {
    const resources = [{ name: "n".repeat(length), version: "v".repeat(length % 40), body: new Uint8Array(length) }];
    const response = { type: CLUSTER, nonce: String(length), resources, removed: ["r".repeat(length)] };
    assert.ok(encodeResponse(response).equals(reference(response)), String(length));
  }
});
