import type { ClusterName } from "../model/index.ts";
import type { ExplainStep } from "./explain.ts";
import type { ServicePortReport } from "./service.ts";

/** Answer of `GET /v1/call?from=…&service=…`: how a pod's connection to a Service goes, and what decides it. */
export interface CallReport {
  readonly client: {
    readonly cluster: ClusterName;
    readonly namespace: string;
    readonly pod: string;
    /** Empty where it is not known. */
    readonly node: string;
  };
  readonly namespace: string;
  readonly service: string;
  /**
   * `routed`: to an endpoint of `port`; `direct`: the Service has no address of its own, so the mesh does nothing;
   * `refused`: there is no such Service here, or no endpoint; `unknown`: a source is not known yet.
   */
  readonly outcome: "routed" | "direct" | "refused" | "unknown";
  readonly steps: readonly ExplainStep[];
  /** The port that is explained: the one that was asked for, or the first. */
  readonly port?: ServicePortReport;
}
