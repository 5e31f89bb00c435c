/** A refused request, as Kubernetes words it: an HTTP status code and a `Status` object. */

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly retryAfterSeconds?: number;
  readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
}

export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: Readonly<Record<string, never>>;
  readonly status: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

const REASONS: Readonly<Record<number, string>> = {
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

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  /** `reason` defaults to the one that belongs to `code`. */
  constructor(code: number, message: string, more: { reason?: string; details?: StatusDetails } = {}) {
    super(message);
    this.code = code;
    this.reason = more.reason ?? REASONS[code] ?? "";
    this.details = more.details;
  }

  status(): Status {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: this.message,
      reason: this.reason,
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

export function notFound(group: string, plural: string, name: string): ApiError {
  const resource = group === "" ? plural : `${plural}.${group}`;
  return new ApiError(404, `${resource} "${name}" not found`, { details: { name, group, kind: plural } });
}

export function conflict(group: string, plural: string, name: string, reason: string): ApiError {
  const resource = group === "" ? plural : `${plural}.${group}`;
  return new ApiError(409, `Operation cannot be fulfilled on ${resource} "${name}": ${reason}`, {
    details: { name, group, kind: plural },
  });
}

export function invalid(kind: string, name: string, field: string, reason: string): ApiError {
  return new ApiError(422, `${kind} "${name}" is invalid: ${field}: ${reason}`, {
    details: { name, kind, causes: [{ reason: "FieldValueInvalid", message: reason, field }] },
  });
}

export function expired(message: string): ApiError {
  return new ApiError(410, message);
}
