/** Waiting for what other processes do. */
import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 10;
const LONGEST_MS = 120_000;

/** Rejects when it does not come. */
export async function until(what: string, reached: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LONGEST_MS;
  while (!(await reached())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${LONGEST_MS} ms`);
    await delay(POLL_MS);
  }
}
