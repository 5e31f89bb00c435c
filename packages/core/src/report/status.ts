import type { ClusterName, Kind, ObjectRef, Problem } from "../model/index.ts";

/** Answer of `GET /v1/status`: what `carrick status` prints. */
export interface StatusReport {
  /** Name of the answering replica. */
  readonly replica: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  readonly now: number;
  readonly ready: boolean;
  /** What readiness waits for, one sentence each. */
  readonly waitingFor: readonly string[];
  readonly clusters: readonly ClusterStatus[];
  readonly fleets: readonly FleetStatus[];
  readonly problems: readonly ObjectProblem[];
  /** Problems that did not fit into `problems`. */
  readonly moreProblems: number;
}

export interface ClusterStatus {
  readonly name: ClusterName;
  /** Where its objects come from, for example `https://127.0.0.2:6443` or a folder. */
  readonly from: string;
  /** `fresh`: watched now; `stale`: rows of an earlier watch or of the copy on disk; `unknown`: never seen. */
  readonly state: "fresh" | "stale" | "unknown";
  readonly drain: boolean;
  readonly weight: number;
  readonly kinds: readonly KindStatus[];
  /** What is wrong with the source itself, one sentence each: a file that is not YAML, for example. */
  readonly problems: readonly string[];
}

export interface KindStatus {
  readonly kind: Kind;
  readonly state: "fresh" | "stale" | "unknown" | "absent";
  readonly objects: number;
  /** Milliseconds since the source last said anything; absent where it never did. */
  readonly ageMs?: number;
  /** The last error, while there is one. */
  readonly error?: string;
  /** The rows come from the copy on disk. */
  readonly fromCache: boolean;
}

export interface FleetStatus {
  readonly name: string;
  readonly hosts: number;
  /** Resources by type, in the short names LDS, RDS, SRDS, CDS, EDS, SDS. */
  readonly resources: Readonly<Record<string, number>>;
  readonly envoys: readonly EnvoyStatus[];
  /** What Envoys that hold configuration are not told, and why, one sentence each; absent where nothing is held back. */
  readonly held?: readonly string[];
}

export interface EnvoyStatus {
  readonly name: string;
  readonly cluster: ClusterName;
  readonly connectedSince: number;
  /** Resources that it has still to be told, and responses that it has not acknowledged yet. */
  readonly pending: number;
  readonly refused: readonly { readonly type: string; readonly name: string; readonly message: string }[];
  readonly bytesSent: number;
}

export interface ObjectProblem {
  readonly object: ObjectRef & { readonly resourceVersion: string };
  readonly problem: Problem;
  /** The resourceVersion whose content still serves, where the newest was refused. */
  readonly heldVersion?: string;
}
