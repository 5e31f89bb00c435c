import { type Fields, fields, text } from "./shape.ts";

/** A request that the API server refused, or that got no answer (`status` 0). */
export class KubeError extends Error {
  override readonly name = "KubeError";
  /** The HTTP status; 0 if no answer came: unreachable, reset, silent, credentials that cannot be used. */
  readonly status: number;
  /** The machine-readable reason of the API server's Status (`NotFound`, `Conflict`, `Expired`…); without an answer `Unreachable`, `Timeout`, `Credentials`, `Closed`, `TooLarge`, `Malformed` or `Ended`. */
  readonly reason: string;
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter: number | undefined;

  constructor(
    status: number,
    reason: string,
    message: string,
    options?: { retryAfter?: number | undefined; cause?: unknown },
  ) {
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

/** The error of a refused request: its body is a Status object, or the plain text of a proxy. `what` stands in front. */
export function refusal(status: number, what: string, body: string, retryAfter: number | undefined): KubeError {
  const parsed = parseStatus(body);
  return describe(status, what, parsed, text(parsed?.["message"]) ?? body, retryAfter);
}

/** The error that a Status object alone tells, as in an ERROR event of a watch. */
export function statusError(what: string, status: Fields): KubeError {
  const code = status["code"];
  const known = typeof code === "number" && Number.isInteger(code) && code >= 400 && code < 600;
  return describe(known ? code : 500, what, status, text(status["message"]) ?? "", undefined);
}

function describe(
  status: number,
  what: string,
  parsed: Fields | undefined,
  message: string,
  retryAfter: number | undefined,
): KubeError {
  const reason = text(parsed?.["reason"]) ?? reasons[status] ?? `HTTP ${status}`;
  const said = message.trim().replaceAll(/\s+/g, " ").slice(0, 500);
  return new KubeError(status, reason, `${what}: ${status} ${reason}: ${said || "no reason given"}`, {
    retryAfter: retryAfter ?? seconds(fields(parsed?.["details"])?.["retryAfterSeconds"]),
  });
}

function parseStatus(body: string): Fields | undefined {
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
