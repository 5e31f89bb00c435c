/** Faults on request: which requests they strike and what they do. Plain data, so that they travel as JSON. */
import { ApiError } from "./api-error.ts";
import { isJsonObject } from "./kube-object.ts";

export type FaultEffect =
  /** An answer instead of the right one: 401, 403, 429 with Retry-After, 5xx. */
  | { readonly kind: "status"; readonly code: number; readonly retryAfterSeconds?: number; readonly message?: string }
  /** The connection is reset before anything is answered. */
  | { readonly kind: "reset" }
  /** No answer, while the connection lives on. */
  | { readonly kind: "hang" }
  /** The connection is dead from now on, but nobody says so: not even an HTTP/2 PING is answered. */
  | { readonly kind: "silent" }
  /** The body stops after this many bytes and never ends. */
  | { readonly kind: "hangBody"; readonly afterBytes: number }
  /** The response is broken off after this many bytes. */
  | { readonly kind: "cutBody"; readonly afterBytes: number }
  /** The body arrives at this speed. */
  | { readonly kind: "slowBody"; readonly bytesPerSecond: number }
  /** A line that is no JSON, after this many right ones; then the body goes on. */
  | { readonly kind: "malformedLine"; readonly afterLines: number }
  /** Half a line after this many whole ones, then the regular end of the body. */
  | { readonly kind: "truncatedLine"; readonly afterLines: number };

export interface Fault {
  readonly effect: FaultEffect;
  /** All methods when not given. */
  readonly method?: string;
  /** A regular expression upon path and query; all when not given. */
  readonly path?: RegExp | string;
  /** Only watches, or only what is none. */
  readonly watch?: boolean;
  /** How many requests it strikes; all until it is removed when not given. */
  readonly count?: number;
}

const NUMBERS: Readonly<Record<FaultEffect["kind"], readonly string[]>> = {
  status: ["code"],
  reset: [],
  hang: [],
  silent: [],
  hangBody: ["afterBytes"],
  cutBody: ["afterBytes"],
  slowBody: ["bytesPerSecond"],
  malformedLine: ["afterLines"],
  truncatedLine: ["afterLines"],
};

/** A fault that came as JSON. Throws an `ApiError` with code 400. */
export function readFault(value: unknown): Fault {
  if (!isJsonObject(value) || !isJsonObject(value["effect"])) throw new ApiError(400, "effect: must be an object");
  const { effect, method, path, watch, count } = value;
  const kind = effect["kind"];
  if (typeof kind !== "string" || !Object.hasOwn(NUMBERS, kind)) {
    throw new ApiError(400, `effect.kind: must be one of ${Object.keys(NUMBERS).join(", ")}`);
  }
  for (const field of NUMBERS[kind as FaultEffect["kind"]]) {
    const least = field === "code" ? 400 : field === "bytesPerSecond" ? 1 : 0;
    const most = field === "code" ? 599 : Infinity;
    checkNumber(effect[field], `effect.${field}`, least, most);
  }
  if (effect["retryAfterSeconds"] !== undefined)
    checkNumber(effect["retryAfterSeconds"], "effect.retryAfterSeconds", 0);
  for (const [field, text] of Object.entries({ method, path, "effect.message": effect["message"] })) {
    if (text !== undefined && typeof text !== "string") throw new ApiError(400, `${field}: must be a string`);
  }
  if (watch !== undefined && typeof watch !== "boolean") throw new ApiError(400, "watch: must be true or false");
  if (count !== undefined) checkNumber(count, "count", 1);
  return { ...(value as object), effect: effect as FaultEffect };
}

function checkNumber(value: unknown, path: string, least: number, most = Infinity): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
  const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new ApiError(400, `${path}: must be a whole number ${range}`);
}
