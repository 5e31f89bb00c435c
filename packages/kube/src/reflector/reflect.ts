import type { KubeReader } from "../client.ts";
import type { Clock } from "../clock.ts";
import type { ResourceRef } from "../resource-path.ts";
import type { Fields } from "../shape.ts";
import { Reflection } from "./reflection.ts";
import type { RetryTimings } from "./retry.ts";
import type { ReflectorCounts, ReflectorSink } from "./sink.ts";

export interface ReflectOptions<T> {
  readonly client: KubeReader;
  readonly resource: ResourceRef;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Called at once for each object that is new or has changed; the object is not kept. Should not throw. */
  readonly project: (object: Fields) => T;
  readonly sink: ReflectorSink<T>;
  /** An object or a line was passed over: the reason, without content. */
  readonly onMalformed?: (reason: string) => void;
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Objects of a page; default 500. */
  readonly pageSize?: number;
  /** Objects of a list that are told at once, before others get their turn; default 100. */
  readonly sliceSize?: number;
  /** Ask for lists as streams (watch-list) where the server offers them; default true. */
  readonly streamLists?: boolean;
  /** Bytes of one line of a watch; default 8 MiB. */
  readonly maxLineBytes?: number;
  /** Default 1,000,000. */
  readonly maxObjects?: number;
  readonly timings?: Partial<ReflectorTimings>;
}

/** Milliseconds. */
export interface ReflectorTimings extends RetryTimings {
  /** A watch in which nothing comes for so long is dead: a server sends a bookmark each minute. Default 90,000. */
  readonly silentMs: number;
  /** How often a resource that the server does not have is asked for again. Default 5,000. */
  readonly absentMs: number;
}

export interface Reflector {
  readonly counts: ReflectorCounts;
  /** Ends everything at once; the sink is told nothing more. */
  stop(): void;
  /** Resolves when the reflector has stopped; rejects only when its sink has thrown. */
  readonly done: Promise<void>;
}

/**
 * Tells the sink of every object of a resource, and of every change, for ever: whatever the server does, it is asked
 * again, and after a gap only what has changed is told. A reflector ends by `stop` or when its client is closed.
 */
export function reflect<T>(options: ReflectOptions<T>): Reflector {
  return new Reflection(options);
}
