/** Time as it enters the server, so that tests decide when it passes. */
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
