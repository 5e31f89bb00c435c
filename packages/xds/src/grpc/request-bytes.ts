/** Reading a DeltaDiscoveryRequest: what the protocol needs of it, and never the node. */
import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { DeltaDiscoveryRequestSchema } from "@carrick/proto/envoy/service/discovery/v3/discovery_pb.js";
import { LimitError } from "../protocol/index.ts";
import type { DeltaRequest, Limits, TypeUrl } from "../protocol/index.ts";

// Field numbers of DeltaDiscoveryRequest.
const NODE = 1;
const NAMES: ReadonlySet<number> = new Set([3, 4, 5]);

export interface TypedRequest {
  readonly type: TypeUrl;
  readonly request: DeltaRequest;
}

/**
 * Decodes a request. Throws `LimitError` when it names more than `limits.names` resources, counted before they are
 * read, or has a type URL longer than a name may be; any other error says that the bytes are no such message.
 */
export function decodeRequest(bytes: Uint8Array, limits: Limits): TypedRequest {
  const message = fromBinary(DeltaDiscoveryRequestSchema, withoutNode(bytes, limits), { readUnknownFields: false });
  if (message.typeUrl.length > limits.nameLength) {
    throw new LimitError(`a type URL of ${message.typeUrl.length} characters; at most ${limits.nameLength} are taken`);
  }
  const { responseNonce, errorDetail } = message;
  return {
    type: message.typeUrl,
    request: {
      subscribe: message.resourceNamesSubscribe,
      unsubscribe: message.resourceNamesUnsubscribe,
      initialVersions: message.initialResourceVersions,
      ...(responseNonce === "" ? {} : { nonce: responseNonce }),
      ...(errorDetail === undefined ? {} : { error: errorDetail.message }),
    },
  };
}

/** The node is 61 kB of extension names in Envoy's first message, and decides nothing: it is not even decoded. */
function withoutNode(bytes: Uint8Array, limits: Limits): Uint8Array {
  const reader = new BinaryReader(bytes);
  const parts: Uint8Array[] = [];
  let from = 0;
  let names = 0;
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, wireType] = reader.tag();
    reader.skip(wireType, field);
    if (NAMES.has(field) && ++names > limits.names) {
      throw new LimitError(`a request with more than ${limits.names} names`);
    }
    if (field !== NODE) continue;
    parts.push(bytes.subarray(from, start));
    from = reader.pos;
  }
  parts.push(bytes.subarray(from));
  return parts.length === 1 ? bytes : Buffer.concat(parts);
}
