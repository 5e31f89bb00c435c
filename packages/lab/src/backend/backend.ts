/** HTTP back ends: pods of one cluster that differ in their address and listen on the same port. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Answer } from "./answer.ts";

/** More than the lab ever opens to one pod; beyond it, new connections are dropped. */
const MAX_CONNECTIONS = 4096;

export interface BackendOptions {
  readonly cluster: string;
  readonly port: number;
  readonly pods: readonly { readonly name: string; readonly address: string }[];
  /** How long an answer takes, in milliseconds; none when not given. */
  readonly delayMs?: number;
}

export interface Backend {
  /** Takes no more connections, answers what is open, ends. */
  close(): Promise<void>;
}

/** Listens on every pod's address; throws the first error of `listen`. */
export async function startBackend({ cluster, port, pods, delayMs = 0 }: BackendOptions): Promise<Backend> {
  const servers = pods.map(({ name, address }) => {
    const server = createServer((request, response) => answer(cluster, name, delayMs, request, response));
    server.maxConnections = MAX_CONNECTIONS;
    // The proxy keeps idle connections, and one that the back end closes may just be taken for a request.
    server.keepAliveTimeout = 0;
    server.listen(port, address);
    return server;
  });
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(closed));
  };
  try {
    await Promise.all(servers.map((server) => once(server, "listening")));
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

function answer(cluster: string, pod: string, delayMs: number, request: IncomingMessage, response: ServerResponse) {
  const said: Answer = {
    cluster,
    pod,
    method: request.method ?? "",
    host: request.headers.host ?? "",
    path: request.url ?? "",
    headers: request.headers,
    receivedAt: performance.timeOrigin + performance.now(),
  };
  const body = `${JSON.stringify(said)}\n`;
  request.resume();
  const send = (): void => {
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
    response.end(body);
  };
  if (delayMs > 0) setTimeout(send, delayMs);
  else send();
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
