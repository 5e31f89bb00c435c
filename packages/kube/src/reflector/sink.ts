import type { KubeError } from "../kube-error.ts";

/** `key` is `<namespace>/<name>`, or the name of a cluster-wide object. */
export type ReflectedChange<T> =
  | { readonly key: string; readonly value: T }
  | { readonly key: string; readonly deleted: true };

/**
 * Who is told of the objects. It must not throw: a throw ends the reflector, whose `done` is then rejected with it.
 * Nothing is told while `reflect` itself runs, and nothing after `stop`.
 */
export interface ReflectorSink<T> {
  /** Puts and deletes in order of arrival, all that arrived together (a slice of a list, a piece of the watch) at once. */
  apply(changes: readonly ReflectedChange<T>[]): void;
  /** A whole list has been told: what it did not have is absent now. Called after each complete list. */
  synced(): void;
  /** At each change, and at most once a second while the server speaks. */
  state(state: ReflectorState): void;
}

export interface ReflectorState {
  /** `watching` as long as every change is told as it happens; `waiting` after a failure. */
  readonly phase: "connecting" | "listing" | "watching" | "waiting";
  /** Milliseconds since 1970 of the last word from the server about these objects. */
  readonly heardAt?: number;
  /** The last failure, until the server is heard again. */
  readonly error?: KubeError;
  /** The server says that it has no such resource, for example because its CustomResourceDefinition is not installed. */
  readonly absent: boolean;
}

/** What has happened since the start. */
export interface ReflectorCounts {
  /** Complete lists. */
  readonly lists: number;
  /** Watches that the server accepted. */
  readonly watches: number;
  readonly failures: number;
  /** Lines of a watch that were no event: each broke its watch. */
  readonly malformedLines: number;
  /** Objects that were passed over. */
  readonly malformedObjects: number;
}
