import type { Finding } from "./needs.ts";

/** What a trial has found: `met` when it ends, otherwise the reason for which it does not. */
export function look(met: string, trial: () => unknown): Finding {
  try {
    trial();
    return { met };
  } catch (error) {
    return { missing: reasonOf(error) };
  }
}

/** The end of it: a verifier says first how it got there. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.length <= MOST ? text : `… ${text.slice(-MOST)}`;
}

const MOST = 600;
