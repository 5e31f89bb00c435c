import { setImmediate as nextTurn } from "node:timers/promises";

const WITHIN_MS = 20_000;

/** Waits until `condition` holds, asking again in every turn; fails after 20 s with `what`. */
export type Until = (what: string, condition: () => boolean | Promise<boolean>) => Promise<void>;

/** `logs`: what the controllers said last, for the error. */
export function waiting(logs: () => string): Until {
  return async (what, condition) => {
    const deadline = performance.now() + WITHIN_MS;
    let failure: unknown;
    for (;;) {
      try {
        if (await condition()) return;
        failure = undefined;
      } catch (error) {
        failure = error;
      }
      if (performance.now() > deadline) {
        const why =
          failure === undefined ? "" : ` (${failure instanceof Error ? failure.message : JSON.stringify(failure)})`;
        throw new Error(`not within ${WITHIN_MS / 1000} s: ${what}${why}\n${logs()}`);
      }
      await nextTurn();
    }
  };
}
