/** Time as it enters this package, so that tests can replace it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `on` once after `ms`; the returned function cancels it. */
  after(ms: number, on: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, on) {
    const timer = setTimeout(on, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or as soon as `signal` is aborted. Never rejects. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      cancel();
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal.addEventListener("abort", finish, { once: true });
  });
}
