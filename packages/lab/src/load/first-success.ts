/** When something begins to be served: asked again and again over one connection, without a pause between. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { exchange, type Exchange, keepConnections, type Target } from "./exchange.ts";

export interface FirstSuccess {
  /** The exchange that satisfied the condition. */
  readonly exchange: Exchange;
  /** When its answer was there, milliseconds since 1970 with a fraction. */
  readonly at: number;
  /** Exchanges before it. */
  readonly asked: number;
  /** Time between two questions: median and longest. Nothing can be known more exactly than that. */
  readonly sampling: { readonly medianMs: number; readonly longestMs: number };
}

export interface Prober {
  /** Resolves at the first exchange that satisfies the condition; rejects after `withinMs` or `stop`. */
  readonly first: Promise<FirstSuccess>;
  /** Resolves when the first answer, whatever it says, was there: the connection is open. */
  readonly warm: Promise<void>;
  stop(): void;
}

/** More samples than this say nothing new about the pace. */
const MAX_SAMPLES = 100_000;

/** Asks `target` until `done` says so; an exchange takes at most `timeoutMs` (1,000). */
export function probe(
  target: Target,
  done: (exchange: Exchange) => boolean,
  { withinMs, timeoutMs = 1000 }: { readonly withinMs: number; readonly timeoutMs?: number },
): Prober {
  const connections = keepConnections(1);
  const { promise: warm, resolve: warmed } = Promise.withResolvers<void>();
  let stopped = false;
  const run = async (): Promise<FirstSuccess> => {
    const deadline = performance.now() + withinMs;
    const gaps: number[] = [];
    let last: Exchange | undefined;
    for (let asked = 0; ; asked++) {
      const answer = await exchange(target, timeoutMs, connections);
      warmed();
      if (last !== undefined && gaps.length < MAX_SAMPLES) gaps.push(answer.at - last.at);
      if (done(answer)) return { exchange: answer, at: answer.at + answer.ms, asked, sampling: pace(gaps) };
      if (stopped) throw new Error(`${target.name}: stopped after ${asked + 1} requests`);
      if (performance.now() > deadline) {
        const what = answer.error ?? `status ${answer.status}`;
        throw new Error(`${target.name}: not within ${withinMs} ms; the last of ${asked + 1} answers: ${what}`);
      }
      last = answer;
      // A refused connection fails at once; other work of this process has to get its turn.
      if (answer.error !== undefined) await nextTurn();
    }
  };
  const first = run().finally(() => connections.close());
  // Who stops a prober may no longer be interested.
  first.catch(() => {});
  return { first, warm, stop: () => void (stopped = true) };
}

function pace(gaps: readonly number[]): FirstSuccess["sampling"] {
  const sorted = gaps.toSorted((a, b) => a - b);
  return { medianMs: sorted[sorted.length >> 1] ?? 0, longestMs: sorted.at(-1) ?? 0 };
}
