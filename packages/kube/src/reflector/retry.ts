import type { KubeError } from "../kube-error.ts";

/** Milliseconds. */
export interface RetryTimings {
  /** The first wait; it doubles with each failure. Default 200. */
  readonly firstMs: number;
  /** The longest wait. Default 30,000. */
  readonly longestMs: number;
  /** The longest wait while nothing answers: a connection that is refused costs little, and the server may be back. Default 5,000. */
  readonly unreachableMs: number;
  /** The same where a watch was established before. Default 1,000. */
  readonly lostMs: number;
  /** The longest `Retry-After` that is obeyed. Default 60,000. */
  readonly obeyedMs: number;
}

export const retryTimings: RetryTimings = {
  firstMs: 200,
  longestMs: 30_000,
  unreachableMs: 5_000,
  lostMs: 1_000,
  obeyedMs: 60_000,
};

/** After so many failures in a row the server may not be able to go on from the version that it is asked for. */
const patience = 3;

export interface Retry {
  readonly waitMs: number;
  /** Going on from the last version is no use: list again. */
  readonly relist: boolean;
}

/**
 * What to do after a failure. `failures` counts those in a row, this one included; `random` is in [0, 1);
 * `established` says that everything had been told once.
 */
export function retry(
  error: KubeError,
  failures: number,
  established: boolean,
  random: number,
  timings: RetryTimings,
): Retry {
  const unreachable = error.status === 0 && error.reason === "Unreachable";
  const longest = unreachable ? (established ? timings.lostMs : timings.unreachableMs) : timings.longestMs;
  const backOff = Math.min(longest, timings.firstMs * 2 ** Math.min(failures - 1, 30));
  // Half of it is random, so that clients that lost a server together do not return together.
  const jittered = backOff * (0.5 + random / 2);
  const asked = Math.min(error.retryAfter ?? 0, timings.obeyedMs) * (1 + random / 10);
  return { waitMs: Math.max(jittered, asked), relist: isGone(error) || (failures >= patience && isDoubtful(error)) };
}

/** The server has forgotten the version (410), or the resource itself (404): only a list can tell. */
function isGone({ status, reason }: KubeError): boolean {
  return status === 410 || status === 404 || reason === "Expired" || reason === "Gone";
}

/** Failures that another version might not have: a broken event, a version that a restored server has never reached. */
function isDoubtful({ status, reason }: KubeError): boolean {
  if (status === 0) return reason === "Malformed";
  return status !== 401 && status !== 403 && status !== 429 && status !== 503;
}
