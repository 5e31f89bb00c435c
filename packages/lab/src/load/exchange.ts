/** One request and what became of it. Nothing is ever sent twice. */
import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { readAnswer } from "../backend/answer.ts";

/** Answers of back ends are smaller; anything larger is an error. */
const MAX_BODY = 64 * 1024;

export interface Target {
  /** Names it in records. */
  readonly name: string;
  /** Where the connection goes. */
  readonly address: string;
  readonly port: number;
  readonly host: string;
  readonly path: string;
  /** The authority that the server's certificate must come from; plain HTTP when not given. */
  readonly authority?: string;
}

export interface Exchange {
  readonly target: string;
  /** When it was sent, milliseconds since 1970 with a fraction. */
  readonly at: number;
  /** Until the whole answer was there, or the error. */
  readonly ms: number;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** Who answered, if it was a back end of the lab. */
  readonly cluster: string;
  readonly pod: string;
  /** When the back end had the request. */
  readonly receivedAt?: number;
  /** Why there is no whole answer. */
  readonly error?: string;
}

/** Connections that are kept and used again, to any target. */
export interface Connections {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  close(): void;
}

/** At most `parallel` connections at once to one address; more requests wait, and their time runs. */
export function keepConnections(parallel: number): Connections {
  const http = new HttpAgent({ keepAlive: true, maxSockets: parallel, maxFreeSockets: parallel });
  const https = new HttpsAgent({ keepAlive: true, maxSockets: parallel, maxFreeSockets: parallel });
  return {
    http,
    https,
    close: () => {
      http.destroy();
      https.destroy();
    },
  };
}

/** Sends a request over kept connections, or over a fresh one. Never rejects: what went wrong stands in the exchange. */
export function exchange(target: Target, timeoutMs: number, connections?: Connections): Promise<Exchange> {
  const at = now();
  return new Promise((resolve) => {
    let status = 0;
    const done = (rest: Partial<Exchange>): void => {
      clearTimeout(timer);
      resolve({ target: target.name, at, ms: now() - at, status, cluster: "", pod: "", ...rest });
    };
    const call = open(target, connections, (response) => {
      status = response.statusCode ?? 0;
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BODY) call.destroy(new Error(`an answer of more than ${MAX_BODY} bytes`));
        else chunks.push(chunk);
      });
      response.on("error", (error) => done({ error: error.message }));
      response.on("end", () => done({ ...readAnswer(Buffer.concat(chunks).toString()) }));
    });
    const timer = setTimeout(() => call.destroy(new Error(`no whole answer within ${timeoutMs} ms`)), timeoutMs);
    call.on("error", (error) => done({ error: error.message }));
    call.end();
  });
}

function open(
  { address, port, host, path, authority }: Target,
  connections: Connections | undefined,
  onResponse: (response: IncomingMessage) => void,
): ClientRequest {
  const options = { host: address, port, path, headers: { host } };
  if (authority === undefined) return httpRequest({ ...options, agent: connections?.http ?? false }, onResponse);
  const tls = { ca: authority, servername: host };
  return httpsRequest({ ...options, ...tls, agent: connections?.https ?? false }, onResponse);
}

/** Milliseconds since 1970 with a fraction: comparable between processes of one machine. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
