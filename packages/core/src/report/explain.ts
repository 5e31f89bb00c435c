import type { ClusterName, ObjectRef } from "../model/index.ts";

/** An object that a decision rests on, as it was read. */
export interface Citation extends ObjectRef {
  /** Empty where the object is not there, and of a peer's objects, whose versions are not told. */
  readonly resourceVersion: string;
}

/** One decision on the way of a request, with the objects that decided it. */
export interface ExplainStep {
  /** `listener`, `certificate`, `host`, `path`, `backend set`, `cluster`, `endpoint`. */
  readonly what: string;
  /** One sentence. */
  readonly says: string;
  readonly because: readonly Citation[];
}

export interface ExplainEndpoint {
  readonly cluster: ClusterName;
  readonly address: string;
  readonly port: number;
  readonly pod: string;
  readonly node: string;
  /** Share of new requests, 0 to 1. */
  readonly share: number;
}

/** Answer of `GET /v1/explain?url=…`. */
export interface ExplainReport {
  readonly url: string;
  readonly fleet: string;
  /** `routed`: to `endpoints`; `refused`: answered by the edge itself with `status`; `unknown`: a source is not known yet. */
  readonly outcome: "routed" | "refused" | "unknown";
  /** HTTP status of a request that the edge answers itself. */
  readonly status?: number;
  readonly steps: readonly ExplainStep[];
  readonly endpoints: readonly ExplainEndpoint[];
}
