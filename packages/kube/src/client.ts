import type { Access } from "./cached-access.ts";
import { type Clock, systemClock } from "./clock.ts";
import { Connection, type KubeRequest, type KubeResponse } from "./connection.ts";
import { KubeError, parseRetryAfter, refusal } from "./kube-error.ts";
import { readBody } from "./read-body.ts";
import { type Fields, fields } from "./shape.ts";

/** Milliseconds; all have defaults. */
export interface ClientTimeouts {
  /** From the request to the headers of its response, with connecting; default 30,000. */
  readonly headersMs: number;
  /** TCP and TLS handshake; default 10,000. */
  readonly connectMs: number;
  /** How long the body of an answer may be silent; default 30,000. */
  readonly silentMs: number;
  /** A silent HTTP/2 connection is pinged this often; default 5,000. */
  readonly pingEveryMs: number;
  /** An unanswered PING means death after; default 5,000. */
  readonly pingTimeoutMs: number;
}

export interface ClientLimits {
  /** Bytes of the body of an answer, streams apart; default 16 MiB. */
  readonly bodyBytes: number;
  /** Bytes of a response's headers; default 64 KiB. */
  readonly headerBytes: number;
  /** HTTP/2 sessions at once; default 16. */
  readonly sessions: number;
  /** HTTP/1.1 connections at once; default 1,024. */
  readonly connections: number;
}

export interface ClientOptions {
  readonly access: Access;
  readonly timeouts?: Partial<ClientTimeouts>;
  readonly limits?: Partial<ClientLimits>;
  readonly userAgent?: string;
  readonly clock?: Clock;
}

export type CallOptions = Pick<KubeRequest, "query" | "signal">;

/** A client of one API server. Every method throws a `KubeError` when no answer comes or the answer is a refusal. */
export interface KubeClient {
  /** Where its credentials come from, for messages. */
  readonly name: string;
  /** Address of the API server, once the credentials have been read. */
  readonly server: string | undefined;
  get(path: string, options?: CallOptions): Promise<Fields>;
  create(path: string, object: object, options?: CallOptions): Promise<Fields>;
  update(path: string, object: object, options?: CallOptions): Promise<Fields>;
  /** JSON merge patch (RFC 7386). */
  patch(path: string, patch: object, options?: CallOptions): Promise<Fields>;
  remove(path: string, options?: CallOptions): Promise<Fields>;
  /** A GET whose body the caller reads as it comes; it may be silent for `silentMs`. Leaving the loop ends the request. */
  stream(path: string, options: CallOptions & { readonly silentMs: number }): Promise<AsyncIterable<Uint8Array>>;
  /** Ends every connection and every open request. */
  close(): void;
}

/** What only reads. */
export type KubeReader = Pick<KubeClient, "name" | "get" | "stream">;

/** A client that connects at its first request. */
export function createClient(options: ClientOptions): KubeClient {
  return new Client(options);
}

class Client implements KubeClient {
  readonly #access: Access;
  readonly #clock: Clock;
  readonly #connection: Connection;
  readonly #silentMs: number;
  readonly #bodyBytes: number;

  constructor({ access, timeouts = {}, limits = {}, userAgent = "carrick", clock = systemClock }: ClientOptions) {
    this.#access = access;
    this.#clock = clock;
    this.#silentMs = timeouts.silentMs ?? 30_000;
    this.#bodyBytes = limits.bodyBytes ?? 16 * 1024 * 1024;
    this.#connection = new Connection({
      access,
      timeouts: { headersMs: 30_000, connectMs: 10_000, pingEveryMs: 5_000, pingTimeoutMs: 5_000, ...timeouts },
      limits: { headerBytes: 64 * 1024, sessions: 16, connections: 1024, ...limits },
      userAgent,
      clock,
    });
  }

  get name(): string {
    return this.#access.name;
  }

  get server(): string | undefined {
    return this.#access.server;
  }

  get(path: string, options?: CallOptions): Promise<Fields> {
    return this.#json({ method: "GET", path, ...options });
  }

  create(path: string, object: object, options?: CallOptions): Promise<Fields> {
    return this.#json({ method: "POST", path, body: object, ...options });
  }

  update(path: string, object: object, options?: CallOptions): Promise<Fields> {
    return this.#json({ method: "PUT", path, body: object, ...options });
  }

  patch(path: string, patch: object, options?: CallOptions): Promise<Fields> {
    return this.#json({ method: "PATCH", path, body: patch, contentType: "application/merge-patch+json", ...options });
  }

  remove(path: string, options?: CallOptions): Promise<Fields> {
    return this.#json({ method: "DELETE", path, ...options });
  }

  async stream(path: string, options: CallOptions & { readonly silentMs: number }): Promise<AsyncIterable<Uint8Array>> {
    const request: KubeRequest = { method: "GET", path, ...options };
    return (await this.#accepted(request)).body;
  }

  close(): void {
    this.#connection.close();
  }

  async #json(request: Omit<KubeRequest, "silentMs">): Promise<Fields> {
    const response = await this.#accepted({ ...request, silentMs: this.#silentMs });
    const what = this.#what(request);
    const parsed = fields(parse(await readBody(response.body, this.#bodyBytes, what)));
    if (parsed !== undefined) return parsed;
    throw new KubeError(0, "Malformed", `${what}: the answer is no JSON object: is this an API server?`);
  }

  /** The response if it is a success, else its refusal as an error. */
  async #accepted(request: KubeRequest): Promise<KubeResponse> {
    const response = await this.#connection.request(request);
    if (response.status >= 200 && response.status < 300) return response;
    const what = this.#what(request);
    const body = await readBody(response.body, this.#bodyBytes, what);
    const wait = parseRetryAfter(response.headers["retry-after"], this.#clock.now());
    const refused = refusal(response.status, what, body, wait);
    const problem = response.status === 401 ? this.#access.problem : undefined;
    if (problem === undefined) throw refused;
    throw new KubeError(refused.status, refused.reason, `${refused.message}; ${problem.message}`, { cause: problem });
  }

  #what({ method, path }: Pick<KubeRequest, "method" | "path">): string {
    return `${this.name}: ${method} ${path}`;
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Not an answer of an API server; the caller says so.
    return undefined;
  }
}
