import type { Access, Credentials, Endpoint } from "./cached-access.ts";
import { type Clock, systemClock } from "./clock.ts";
import { KubeError, parseRetryAfter, refusal } from "./kube-error.ts";
import { NegotiatedTransport } from "./negotiated-transport.ts";
import { noAnswer } from "./no-answer.ts";
import { readBody } from "./read-body.ts";
import { type Fields, fields } from "./shape.ts";
import type { Transport, TransportResponse } from "./transport.ts";

/** One request to the API server. */
export interface KubeRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Begins with a slash; see `resourcePath`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** How long the response's headers may take; default: the client's `headersMs`. */
  readonly headersMs?: number;
}

export interface KubeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Read at most once; leaving the loop early ends the request. If it is not read, abort the request's signal. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Milliseconds; all have defaults. */
export interface ClientTimeouts {
  /** From the request to the headers of its response, with connecting; default 30,000. */
  readonly headersMs: number;
  /** TCP and TLS handshake; default 10,000. */
  readonly connectMs: number;
  /** A silent HTTP/2 connection is pinged this often; default 5,000. */
  readonly pingEveryMs: number;
  /** An unanswered PING means death after; default 5,000. */
  readonly pingTimeoutMs: number;
}

export interface ClientLimits {
  /** Bytes of a body that the JSON helpers and error messages read; default 16 MiB. */
  readonly bodyBytes: number;
  /** Bytes of a response's headers; default 64 KiB. */
  readonly headerBytes: number;
  /** HTTP/2 sessions at once; default 16. */
  readonly sessions: number;
  /** HTTP/1.1 connections at once; default 128. */
  readonly connections: number;
}

export interface ClientOptions {
  readonly access: Access;
  readonly timeouts?: Partial<ClientTimeouts>;
  readonly limits?: Partial<ClientLimits>;
  readonly userAgent?: string;
  readonly clock?: Clock;
}

type CallOptions = Pick<KubeRequest, "query" | "signal" | "headersMs">;

/**
 * A client of one API server. Every method throws a `KubeError` when no answer comes; the JSON helpers also when the
 * answer is a refusal. A 401 reads the credentials again and, if they changed, sends the request once more.
 */
export interface KubeClient {
  /** Where its credentials come from, for messages. */
  readonly name: string;
  request(request: KubeRequest): Promise<KubeResponse>;
  get(path: string, options?: CallOptions): Promise<Fields>;
  create(path: string, object: object, options?: CallOptions): Promise<Fields>;
  update(path: string, object: object, options?: CallOptions): Promise<Fields>;
  /** JSON merge patch (RFC 7386). */
  patch(path: string, patch: object, options?: CallOptions): Promise<Fields>;
  remove(path: string, options?: CallOptions): Promise<Fields>;
  /** Ends every connection and every open request. */
  close(): void;
}

/** A client that connects at its first request. */
export function createClient(options: ClientOptions): KubeClient {
  return new Client(options);
}

class Client implements KubeClient {
  readonly #access: Access;
  readonly #timeouts: ClientTimeouts;
  readonly #limits: ClientLimits;
  readonly #userAgent: string;
  readonly #clock: Clock;
  readonly #closed = new AbortController();
  #connection: { readonly endpoint: Endpoint; readonly transport: Transport } | undefined;

  constructor({ access, timeouts, limits, userAgent, clock }: ClientOptions) {
    this.#access = access;
    this.#timeouts = { headersMs: 30_000, connectMs: 10_000, pingEveryMs: 5_000, pingTimeoutMs: 5_000, ...timeouts };
    this.#limits = { bodyBytes: 16 * 1024 * 1024, headerBytes: 64 * 1024, sessions: 16, connections: 128, ...limits };
    this.#userAgent = userAgent ?? "carrick";
    this.#clock = clock ?? systemClock;
  }

  get name(): string {
    return this.#access.name;
  }

  async request(request: KubeRequest): Promise<KubeResponse> {
    const { credentials, response } = await this.#send(request);
    if (response.status !== 401) return response;
    this.#access.refuse(credentials);
    const fresh = await this.#credentials();
    if (same(fresh, credentials)) return response;
    await readBody(response.body, this.#limits.bodyBytes, request.path);
    return (await this.#send(request)).response;
  }

  async #credentials(): Promise<Credentials> {
    try {
      return await this.#access.current();
    } catch (error) {
      throw noAnswer(this.name, error);
    }
  }

  async #send(request: KubeRequest): Promise<{ credentials: Credentials; response: KubeResponse }> {
    if (this.#closed.signal.aborted) throw this.#closed.signal.reason;
    const credentials = await this.#credentials();
    const { server } = credentials.endpoint;
    const late = new AbortController();
    const signals = [this.#closed.signal, late.signal, ...(request.signal === undefined ? [] : [request.signal])];
    const signal = AbortSignal.any(signals);
    const headersMs = request.headersMs ?? this.#timeouts.headersMs;
    const cancel = this.#clock.after(headersMs, () => {
      const sentence = `${server.origin}: no answer within ${headersMs} ms: the API server hangs or the network drops packets`;
      late.abort(new KubeError(0, "Timeout", sentence));
    });
    try {
      const response = await orAborted(
        this.#transport(credentials.endpoint).request({
          method: request.method,
          path: target(server, request),
          headers: this.#headers(credentials, request),
          signal,
          ...(request.body === undefined ? {} : { body: Buffer.from(JSON.stringify(request.body)) }),
        }),
        signal,
      );
      return { credentials, response: { ...response, body: explained(response.body, server.origin, signal) } };
    } catch (error) {
      if (request.signal?.aborted === true) throw request.signal.reason;
      throw noAnswer(server.origin, signal.aborted ? signal.reason : error);
    } finally {
      cancel();
    }
  }

  #headers(credentials: Credentials, request: KubeRequest): Record<string, string | string[]> {
    const { server } = credentials.endpoint;
    return {
      ...credentials.impersonate,
      ...(credentials.authorization === undefined ? {} : { authorization: credentials.authorization.reveal() }),
      ...(server.protocol === "http:" ? { host: server.host } : {}),
      ...(request.body === undefined ? {} : { "content-type": request.contentType ?? "application/json" }),
      accept: "application/json",
      "user-agent": this.#userAgent,
    };
  }

  #transport(endpoint: Endpoint): Transport {
    if (this.#connection?.endpoint !== endpoint) {
      this.#connection?.transport.retire();
      const transport = new NegotiatedTransport(endpoint, this.#timeouts, this.#limits);
      this.#connection = { endpoint, transport };
    }
    return this.#connection.transport;
  }

  async #json(request: KubeRequest): Promise<Fields> {
    const what = `${request.method} ${request.path}`;
    const response = await this.request(request);
    const body = await readBody(response.body, this.#limits.bodyBytes, what);
    if (response.status >= 300 || response.status < 200) {
      const problem = response.status === 401 ? this.#access.problem : undefined;
      const wait = parseRetryAfter(response.headers["retry-after"], this.#clock.now());
      const refused = refusal(response.status, `${this.name}: ${what}`, body, wait);
      if (problem === undefined) throw refused;
      throw new KubeError(refused.status, refused.reason, `${refused.message}; ${problem.message}`, { cause: problem });
    }
    const parsed = fields(parse(body));
    if (parsed === undefined) {
      throw new KubeError(0, "Malformed", `${this.name}: ${what}: the answer is no JSON object: is this an API server?`);
    }
    return parsed;
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

  close(): void {
    const reason = new KubeError(0, "Closed", `${this.name}: the client was closed`);
    this.#closed.abort(reason);
    this.#connection?.transport.destroy(reason);
  }
}

function same(a: Credentials, b: Credentials): boolean {
  const equal = a.authorization?.equals(b.authorization) ?? b.authorization === undefined;
  return equal && a.endpoint === b.endpoint;
}

function target(server: URL, { path, query }: KubeRequest): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) search.set(name, String(value));
  }
  const prefix = server.pathname.replace(/\/+$/, "");
  return `${prefix}${path}${search.size === 0 ? "" : `?${search}`}`;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Not an answer of an API server; the caller says so.
    return undefined;
  }
}

/** Waits for the response, but not longer than the signal allows: connecting is shared and not ended by one request. */
function orAborted(response: Promise<TransportResponse>, signal: AbortSignal): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    void response.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

async function* explained(body: AsyncIterable<Uint8Array>, origin: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw noAnswer(origin, signal.aborted ? signal.reason : error);
  }
}
