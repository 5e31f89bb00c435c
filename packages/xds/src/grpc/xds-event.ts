/** What happens on a server, for logs and metrics. */
import type { TypeUrl } from "../protocol/index.ts";
import type { Peer } from "./peer-name.ts";

/**
 * Why a stream ended. `client`: it left, or the network. `age`: its connection was old enough. `unanswered`: it did not
 * answer or read. `limit`: it asked for too much. `invalid`: what it sent is no request. `shutdown`: the server ends.
 * `defect`: an error of Carrick.
 */
export type CloseReason = "client" | "age" | "unanswered" | "limit" | "invalid" | "shutdown" | "defect";

export type XdsEvent =
  | { readonly kind: "opened"; readonly peer: Peer; readonly remote: string }
  | {
      readonly kind: "closed";
      readonly peer: Peer;
      readonly remote: string;
      readonly reason: CloseReason;
      /** One sentence. */
      readonly message: string;
    }
  | {
      readonly kind: "sent";
      readonly peer: Peer;
      readonly type: TypeUrl;
      readonly names: readonly string[];
      readonly removed: readonly string[];
      readonly bytes: number;
    }
  | {
      readonly kind: "acked";
      readonly peer: Peer;
      readonly type: TypeUrl;
      /** How many resources and removals it answers. */
      readonly names: number;
      /** Since the response was written. */
      readonly ms: number;
    }
  | {
      readonly kind: "nacked";
      readonly peer: Peer;
      readonly type: TypeUrl;
      readonly names: readonly string[];
      /** What the client said, without secrets. */
      readonly message: string;
    }
  /** A stream that may not be: no name of ours, no view for it, or too many. */
  | { readonly kind: "refused"; readonly remote: string; readonly message: string }
  /** A connection that did not pass the handshake. */
  | { readonly kind: "handshake"; readonly remote: string; readonly message: string }
  /** New TLS material is not usable; the last good one stays in use. */
  | { readonly kind: "tls"; readonly message: string };
