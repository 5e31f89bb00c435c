/** Connections of a pod or a client, one after the other, without retries. */
import type { Machine, Question } from "../network/echo-machine.ts";

const PATIENCE_MS = 1000;
const UNTIL_MS = 10_000;

/** What was waited for did not come. */
export class ConnectsError extends Error {
  override readonly name = "ConnectsError";
}

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
  /** Resolves after so many more, or when one fails: who counts them sees it. Throws `ConnectsError` after ten seconds. */
  more(count: number): Promise<void>;
  /** Resolves with the first that is so, from the one of this number on. Throws `ConnectsError` after ten seconds. */
  until(wanted: (connect: Connect) => boolean, from: number): Promise<Connect>;
  stop(): Promise<void>;
}

/** Asks until it is stopped; over TCP when only an address is given. */
export function startConnects(machine: Machine, to: string | Question): Connects {
  const question: Question = typeof to === "string" ? { address: to, over: "tcp" } : to;
  const made: Connect[] = [];
  const stop = new AbortController();
  /** Look at what was made, and answer whether they have seen enough. */
  const watchers = new Set<() => boolean>();
  const running = (async () => {
    while (!stop.signal.aborted) {
      made.push(await connect(machine, question));
      for (const seen of watchers) if (seen()) watchers.delete(seen);
    }
  })();
  const watch = <T>(look: () => T | undefined, from: number): Promise<T> => {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const deadline = performance.now() + UNTIL_MS;
    watchers.add(() => {
      const found = look();
      if (found !== undefined) resolve(found);
      else if (performance.now() < deadline) return false;
      else reject(new ConnectsError(unseen(question.address, made.slice(from))));
      return true;
    });
    return promise;
  };
  return {
    made,
    more: async (count) => {
      const from = made.length;
      await watch(() => made.length >= from + count || made.at(-1)?.pod === undefined || undefined, from);
    },
    until: (wanted, from) => {
      let next = from;
      return watch(() => {
        while (next < made.length) if (wanted(made[next++]!)) return made[next - 1];
        return undefined;
      }, from);
    },
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

function unseen(address: string, made: readonly Connect[]): string {
  const last = made.at(-1)?.answer ?? "none was answered";
  return `what has to come did not within ${UNTIL_MS / 1000} s, in ${made.length} connections to ${address}; the last: ${last}`;
}

/** Nothing that takes longer than a second is waited for. */
async function connect(machine: Machine, question: Question): Promise<Connect> {
  const began = performance.now();
  const answer = (await machine.ask({ ...question, wait: PATIENCE_MS })).join();
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
