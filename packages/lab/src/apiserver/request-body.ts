/** Bodies of requests. */
import type { Readable } from "node:stream";
import { ApiError } from "./api-error.ts";

/** What kube-apiserver takes at most. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** Throws an `ApiError`: 413 if there is too much, 400 if it is no JSON. An empty body is undefined. */
export async function readJson(body: Readable, contentLength: string | undefined): Promise<unknown> {
  if (Number(contentLength ?? 0) > MAX_BODY_BYTES) throw tooLarge();
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
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw new ApiError(400, `the body is no JSON: ${(error as Error).message}`);
  }
}

function tooLarge(): ApiError {
  return new ApiError(413, `Request entity too large: limit is ${MAX_BODY_BYTES}`);
}
