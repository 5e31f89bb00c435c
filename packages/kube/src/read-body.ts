import { KubeError } from "./kube-error.ts";

/** The whole body as text; throws a `KubeError` of reason `TooLarge` once it passes `maxBytes`. */
export async function readBody(body: AsyncIterable<Uint8Array>, maxBytes: number, what: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new KubeError(0, "TooLarge", `${what}: the answer is larger than ${maxBytes} bytes, which is the limit`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes).toString("utf8");
}
