/** Whole responses. */
import { ApiError } from "./api-error.ts";
import type { Exchange, ResponseHeaders } from "./exchange.ts";

export function respondText(
  exchange: Exchange,
  status: number,
  type: string,
  text: string,
  more: ResponseHeaders = {},
) {
  const headers = { "content-type": type, "content-length": String(Buffer.byteLength(text)), ...more };
  exchange.open(status, headers).end(exchange.method === "HEAD" ? undefined : text);
}

export function respondJson(exchange: Exchange, status: number, body: object, more: ResponseHeaders = {}): void {
  respondText(exchange, status, "application/json", JSON.stringify(body), more);
}

/** Any error; one that is no `ApiError` is a defect of the server and says so. */
export function respondError(exchange: Exchange, error: unknown): void {
  const known = error instanceof ApiError ? error : new ApiError(500, `the server failed: ${String(error)}`);
  const seconds = known.details?.retryAfterSeconds;
  const more: Record<string, string> = {};
  if (seconds !== undefined) more["retry-after"] = String(seconds);
  if (known.code === 401) more["www-authenticate"] = "Bearer";
  respondJson(exchange, known.code, known.status(), more);
}
