import type { Kind } from "@carrick/core/model";

/** What a source knows of one kind of object. */
export interface KindState {
  readonly kind: Kind;
  /** It has told of all objects, now or from its copy on disk. */
  readonly known: boolean;
  /** It is told of every change now. */
  readonly watching: boolean;
  /** The cluster has no such kind (its CustomResourceDefinition is not installed). */
  readonly absent: boolean;
  /** Rows are of the copy on disk: the cluster itself has not been heard since the start. */
  readonly fromCopy: boolean;
  /** Milliseconds since 1970 of the last word from the cluster. */
  readonly heardAt?: number;
  readonly error?: string;
  /** What has happened since the start, where an API server is watched. */
  readonly counts?: SourceCounts;
}

export interface SourceCounts {
  /** Complete lists: more than one is a watch that could not be resumed. */
  readonly lists: number;
  readonly failures: number;
  /** Objects and lines of watches that could not be read. */
  readonly malformed: number;
}

/** `stale`: what is known is not told of changes now. */
export type SourceState = "unknown" | "stale" | "fresh";

/** The state of a kind, or `absent` where the cluster does not have it. */
export function stateOfKind({ known, absent, watching }: KindState): SourceState | "absent" {
  if (!known) return "unknown";
  return absent ? "absent" : watching ? "fresh" : "stale";
}

/** The worst of the states of all kinds. */
export function stateOfSource(kinds: readonly KindState[]): SourceState {
  const states = new Set(kinds.map(stateOfKind));
  return (["unknown", "stale"] as const).find((state) => states.has(state)) ?? "fresh";
}

/** Where the objects of one cluster come from. A source never throws and never ends by itself. */
export interface Source {
  readonly cluster: string;
  /** For people: an address or a folder. */
  readonly from: string;
  /** Resolves when each kind has been told, or has failed for the first time: the others need not wait longer. */
  readonly settled: Promise<void>;
  /** Resolves when each Secret that is wanted by now has been looked up, or has failed for the first time. */
  secretsSettled(): Promise<void>;
  kinds(): KindState[];
  /** What is wrong with the source itself, one sentence each. */
  problems(): string[];
  /** From now on these Secrets (`<namespace>/<name>`) are read, and no others. */
  wantSecrets(names: ReadonlySet<string>): void;
  /** Stopping is not removing: rows stay. */
  stop(): void;
}
