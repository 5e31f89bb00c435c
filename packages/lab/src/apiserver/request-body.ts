/** Bodies of requests. */
import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { ApiError } from "./api-error.ts";

/** What kube-apiserver takes at most. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/**
 * Throws an `ApiError`: 413 if there is too much, 415 if it is said to be no JSON (protobuf, YAML), 400 if it is none. An
 * empty body is undefined.
 */
export async function readJson(body: Readable, headers: IncomingHttpHeaders): Promise<unknown> {
  if (Number(headers["content-length"] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Not destroyed when it is too large: the refusal goes over the same stream or connection.
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) break;
    chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) {
    body.resume();
    throw tooLarge();
  }
  if (bytes === 0) return undefined;
  checkType(headers["content-type"]);
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw new ApiError(400, `the body is no JSON: ${(error as Error).message}`);
  }
}

/** What may be JSON is read: a kind of patch that is not known is refused by who knows them. */
function checkType(header: string | undefined): void {
  const type = header?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "" || type === "application/json" || type.endsWith("+json")) return;
  throw new ApiError(
    415,
    `the body of the request was in an unknown format (${type.slice(0, 100)}): this server reads only application/json; with kubectl, write the object to a file and use create --validate=false -f`,
  );
}

function tooLarge(): ApiError {
  return new ApiError(413, `Request entity too large: limit is ${MAX_BODY_BYTES}`);
}
