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
  /** Absent where the replica serves none. */
  readonly mesh?: MeshStatus;
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

export interface EnvoyStatus extends StreamStatus {
  readonly cluster: ClusterName;
}

/** A client that is told of changes by this replica. */
export interface StreamStatus {
  readonly name: string;
  readonly connectedSince: number;
  /** Resources that it has still to be told, and responses that it has not acknowledged yet. */
  readonly pending: number;
  readonly refused: readonly { readonly type: string; readonly name: string; readonly message: string }[];
  readonly bytesSent: number;
}

/** The mesh, as this replica serves it. */
export interface MeshStatus {
  /** Whose nodes are served. */
  readonly cluster: ClusterName;
  /** Nodes whose agents follow this replica, by name. */
  readonly nodes: readonly NodeStatus[];
  /** Nodes that exist by their objects and whose agents do not follow this replica, but perhaps another. Sorted. */
  readonly otherNodes: readonly string[];
  readonly peers: readonly PeerStatus[];
}

export interface NodeStatus extends StreamStatus {
  /** How long the oldest thing that it was told waits for its answer; absent where everything is answered. */
  readonly lagMs?: number;
}

/** Another cluster of the mesh, as this replica hears it, and as its controllers hear this replica. */
export interface PeerStatus {
  readonly name: ClusterName;
  readonly from: string;
  /** `stale`: rows of an earlier stream or of the copy on disk; `unknown`: never heard. */
  readonly state: "fresh" | "stale" | "unknown";
  /** Of the stream on which it is heard; absent while there is none. */
  readonly connectedSince?: number;
  /** Milliseconds since it last said anything; absent where it never did. */
  readonly heardMs?: number;
  /** Why it is not heard. */
  readonly error?: string;
  /** Resources of it that are not believed; the cluster's `problems` say which and why. */
  readonly refused: number;
  /** Its controllers that follow this replica, by their addresses. */
  readonly followers: readonly NodeStatus[];
}

export interface ObjectProblem {
  readonly object: ObjectRef & { readonly resourceVersion: string };
  readonly problem: Problem;
  /** The resourceVersion whose content still serves, where the newest was refused. */
  readonly heldVersion?: string;
}
