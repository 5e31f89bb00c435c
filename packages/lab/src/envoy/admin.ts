/** Envoy's admin interface on its unix socket. */
import { request } from "node:http";

export interface AdminResponse {
  readonly status: number;
  readonly body: string;
}

const MAX_BODY = 256 * 1024 * 1024;

/** One request to the admin interface. Rejects when the socket is not there, after `timeoutMs`, or beyond 256 MiB. */
export function adminRequest(
  socketPath: string,
  path: string,
  method: "GET" | "POST" = "GET",
  timeoutMs = 10_000,
): Promise<AdminResponse> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method, agent: false, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BODY) call.destroy(new Error(`${path}: answer beyond ${MAX_BODY} bytes`));
        else chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    call.on("timeout", () => call.destroy(new Error(`${path}: no answer within ${timeoutMs} ms`)));
    call.on("error", reject);
    call.end();
  });
}

/** `name: value` lines of `/stats` that are numbers; histograms are left out. */
export function parseStats(text: string): Map<string, number> {
  const stats = new Map<string, number>();
  for (const line of text.split("\n")) {
    const at = line.lastIndexOf(": ");
    const value = at < 0 ? "" : line.slice(at + 2);
    if (/^\d+$/.test(value)) stats.set(line.slice(0, at), Number(value));
  }
  return stats;
}
