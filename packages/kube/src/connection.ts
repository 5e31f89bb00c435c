import type { Access, Credentials, Endpoint } from "./cached-access.ts";
import type { Clock } from "./clock.ts";
import { KubeError } from "./kube-error.ts";
import { NegotiatedTransport } from "./negotiated-transport.ts";
import { noAnswer } from "./no-answer.ts";
import { readBody } from "./read-body.ts";
import type { Transport, TransportLimits, TransportResponse, TransportTimeouts } from "./transport.ts";

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
  /** How long the response's body may be silent between two pieces. */
  readonly silentMs: number;
}

export interface KubeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Read at most once; leaving the loop early ends the request. If it is not read, abort the request's signal. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** No API server says more to a request that it refuses. */
const REFUSAL_BYTES = 64 * 1024;

export interface ConnectionOptions {
  readonly access: Access;
  readonly timeouts: TransportTimeouts & { readonly headersMs: number };
  readonly limits: TransportLimits;
  readonly userAgent: string;
  readonly clock: Clock;
}

/** Sends requests to one API server, each with the credentials of its moment, and gives up on a server that hangs. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #closed = new AbortController();
  #current: { readonly endpoint: Endpoint; readonly transport: Transport } | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** A 401 reads the credentials again and, if they changed, sends the request once more. */
  async request(request: KubeRequest): Promise<KubeResponse> {
    const credentials = await this.#credentials();
    const response = await this.#send(request, credentials);
    if (response.status !== 401) return response;
    // Read at once: a body that nobody reads while credentials are read again may be gone by then.
    const said = await readBody(response.body, REFUSAL_BYTES, request.path);
    this.#options.access.refuse(credentials);
    const fresh = await this.#credentials();
    if (same(fresh, credentials)) return { ...response, body: once(said) };
    return this.#send(request, fresh);
  }

  async #credentials(): Promise<Credentials> {
    const { access } = this.#options;
    try {
      return await access.current();
    } catch (error) {
      throw noAnswer(access.name, error);
    }
  }

  async #send(request: KubeRequest, credentials: Credentials): Promise<KubeResponse> {
    const { timeouts, clock } = this.#options;
    const { server } = credentials.endpoint;
    const late = new AbortController();
    const signal = AbortSignal.any([
      this.#closed.signal,
      late.signal,
      ...(request.signal === undefined ? [] : [request.signal]),
    ]);
    const giveUp = (what: string, ms: number): (() => void) =>
      clock.after(ms, () => {
        const sentence = `${server.origin}: ${what} within ${ms} ms: the API server hangs or the network drops packets`;
        late.abort(new KubeError(0, "Timeout", sentence));
      });
    const explain = (error: unknown): unknown => {
      if (request.signal?.aborted === true) return request.signal.reason;
      return noAnswer(server.origin, signal.aborted ? signal.reason : error);
    };
    const cancel = giveUp("no answer", timeouts.headersMs);
    try {
      signal.throwIfAborted();
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
      const silence = (): (() => void) => giveUp("nothing more of the answer", request.silentMs);
      return { ...response, body: watched(response.body, silence, explain) };
    } catch (error) {
      throw explain(error);
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
      "user-agent": this.#options.userAgent,
    };
  }

  #transport(endpoint: Endpoint): Transport {
    if (this.#current?.endpoint !== endpoint) {
      this.#current?.transport.retire();
      const transport = new NegotiatedTransport(endpoint, this.#options.timeouts, this.#options.limits);
      this.#current = { endpoint, transport };
    }
    return this.#current.transport;
  }

  /** Ends every connection and every open request. */
  close(): void {
    const reason = new KubeError(0, "Closed", `${this.#options.access.name}: the client was closed`);
    this.#closed.abort(reason);
    this.#current?.transport.destroy(reason);
  }
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
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
  return `${prefix}${path}${search.size === 0 ? "" : `?${search.toString()}`}`;
}

/** Waits for the response, but not longer than the signal allows: connecting is shared and not ended by one request. */
function orAborted(response: Promise<TransportResponse>, signal: AbortSignal): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    void response.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** The body, given up when it is silent: `silence` begins to wait and returns how to stop waiting. */
async function* watched(
  body: AsyncIterable<Uint8Array>,
  silence: () => () => void,
  explain: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  let heard = silence();
  try {
    for await (const chunk of body) {
      // The reader may take its time: only waiting for the server counts.
      heard();
      yield chunk;
      heard = silence();
    }
  } catch (error) {
    throw explain(error);
  } finally {
    heard();
  }
}
