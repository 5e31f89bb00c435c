/** Requests and responses of the delta protocol, without the wire. */
import type { Resource, TypeUrl } from "./resource.ts";

/** A DeltaDiscoveryRequest about one type. */
export interface DeltaRequest {
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  /** Versions that the client holds; only in the first request of a type on a stream. */
  readonly initialVersions?: Readonly<Record<string, string>>;
  /** Nonce of the response that this answers. */
  readonly nonce?: string;
  /** Given in a refusal (NACK): what the client said. May print whole resources. */
  readonly error?: string;
}

/** A DeltaDiscoveryResponse. */
export interface DeltaResponse {
  readonly type: TypeUrl;
  readonly nonce: string;
  readonly resources: readonly Resource[];
  readonly removed: readonly string[];
}

/** A version of a resource that the client refused. It is not sent again until it changes. */
export interface Rejection {
  readonly name: string;
  readonly version: string;
  /** What the client said, without the resource's own text. */
  readonly message: string;
}

/** What a request did to the response that it answers. */
export type Verdict =
  | { readonly kind: "ack"; readonly nonce: string; readonly names: number }
  | { readonly kind: "nack"; readonly nonce: string; readonly names: readonly string[]; readonly message: string }
  | { readonly kind: "none" };

/** Bounds of what one stream may make the server remember. */
export interface Limits {
  /** Names of one type that a client may subscribe to or report. */
  readonly names: number;
  /** Length of one name in UTF-16 units. */
  readonly nameLength: number;
  /** Types on one stream. */
  readonly types: number;
  /** Bytes of resource bodies in one response; a larger single resource travels alone. */
  readonly responseBytes: number;
  /** Removals that wait for refused routes; beyond it they are sent. */
  readonly heldRemovals: number;
}

export const DEFAULT_LIMITS: Limits = {
  names: 100_000,
  nameLength: 2048,
  types: 64,
  // gRPC clients accept 4 MiB unless told otherwise; envelopes need some of it.
  responseBytes: 3 * 1024 * 1024,
  heldRemovals: 1000,
};

/** The client asked for more than a stream may have: it ends with RESOURCE_EXHAUSTED. */
export class LimitError extends Error {
  override readonly name = "LimitError";
}
