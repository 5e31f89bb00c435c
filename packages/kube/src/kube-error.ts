import { fields, text } from "./shape.ts";

/** A request that the API server refused, or that got no answer (`status` 0). */
export class KubeError extends Error {
  override readonly name = "KubeError";
  /** The HTTP status; 0 if no answer came: unreachable, reset, silent, credentials that cannot be used. */
  readonly status: number;
  /** The machine-readable reason of the API server's Status (`NotFound`, `Conflict`, `Expired`…); without an answer `Unreachable`, `Timeout`, `Credentials`, `Closed`, `TooLarge` or `Malformed`. */
  readonly reason: string;
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter: number | undefined;

  constructor(status: number, reason: string, message: string, options?: { retryAfter?: number | undefined; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.reason = reason;
    this.retryAfter = options?.retryAfter;
  }
}

const reasons: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** Reads a `Status` object (or, with `what` in front, the plain text that proxies send instead) of a refused request. */
export function refusal(status: number, what: string, body: string, retryAfter: number | undefined): KubeError {
  const parsed = parseStatus(body);
  const reason = text(parsed?.["reason"]) ?? reasons[status] ?? `HTTP ${status}`;
  const said = text(parsed?.["message"]) ?? body.trim().replaceAll(/\s+/g, " ");
  const wait = retryAfter ?? seconds(fields(parsed?.["details"])?.["retryAfterSeconds"]);
  return new KubeError(status, reason, `${what}: ${status} ${reason}: ${said.slice(0, 500) || "no reason given"}`, {
    retryAfter: wait,
  });
}

function parseStatus(body: string): ReturnType<typeof fields> {
  if (!body.startsWith("{")) return undefined;
  try {
    return fields(JSON.parse(body));
  } catch {
    // A proxy may say anything; what it said is shown as it is.
    return undefined;
  }
}

function seconds(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value * 1000 : undefined;
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110 §10.2.3). */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
