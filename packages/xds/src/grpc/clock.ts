/** Time from outside, so that tests decide when it passes. */
export interface Clock {
  /** Milliseconds since 1970 that never go back. */
  now(): number;
  /** Calls `on` once after `ms`; the returned function cancels it. */
  after(ms: number, on: () => void): () => void;
}

/** The longest time that a timer of Node can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after(ms, on) {
    const timer = setTimeout(on, Math.min(ms, MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
};
