/** Connections of a pod, one after the other, without retries. */
import type { Machine } from "../network/echo-machine.ts";

const PATIENCE_MS = 1000;

export interface Connect {
  /** When it began and when it was answered, on this process' clock. */
  readonly began: number;
  readonly ended: number;
  /** The pod that answered; `undefined` when none did. */
  readonly pod: string | undefined;
  /** What came, or the code of the error. */
  readonly answer: string;
}

export interface Connects {
  /** All so far; those that go on are in it later. */
  readonly made: readonly Connect[];
  /** Resolves after so many more. */
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Connects over TCP until it is stopped. */
export function startConnects(machine: Machine, address: string): Connects {
  const made: Connect[] = [];
  const stop = new AbortController();
  const waiting: { readonly until: number; readonly resolve: () => void }[] = [];
  const running = (async () => {
    while (!stop.signal.aborted) {
      made.push(await connect(machine, address));
      for (const { until, resolve } of waiting) if (made.length >= until) resolve();
    }
  })();
  return {
    made,
    more: (count) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ until: made.length + count, resolve });
      return promise;
    },
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

/** One connection over TCP; nothing that takes longer than a second is waited for. */
export async function connect(machine: Machine, address: string): Promise<Connect> {
  const began = performance.now();
  const answer = (await machine.ask({ address, over: "tcp", wait: PATIENCE_MS })).join();
  const ended = performance.now();
  return { began, ended, pod: podOf(answer), answer: answer || "nothing came" };
}

/** `london-1` of `london-1 ::ffff:10.11.1.2`. */
export function podOf(answer: string): string | undefined {
  return /^(\S+-\d+) /.exec(answer)?.[1];
}

/** Those that no pod answered. */
export function failures(made: readonly Connect[]): readonly Connect[] {
  return made.filter(({ pod }) => pod === undefined);
}
