/** How one request travels: the two HTTP versions look the same from here. */

export type RequestHeaders = Readonly<Record<string, string | string[]>>;

export interface TransportRequest {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly headers: RequestHeaders;
  readonly body?: Buffer;
  /** Ends the request, and the body of its response, whenever it is aborted. */
  readonly signal: AbortSignal;
}

export interface TransportResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Read at most once. Leaving the loop early ends the request. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Connections to one endpoint. */
export interface Transport {
  request(request: TransportRequest): Promise<TransportResponse>;
  /** Takes no new requests; closes when the open ones have ended. */
  retire(): void;
  /** Ends everything now. */
  destroy(reason: Error): void;
}

export interface TransportLimits {
  /** Bytes of all headers of a response. */
  readonly headerBytes: number;
  /** HTTP/2 sessions to one endpoint. */
  readonly sessions: number;
  /** HTTP/1.1 connections to one endpoint. */
  readonly connections: number;
}

export interface TransportTimeouts {
  /** TCP and TLS handshake, and the first SETTINGS of HTTP/2. */
  readonly connectMs: number;
  /** A silent HTTP/2 session is pinged this often… */
  readonly pingEveryMs: number;
  /** …and is dead when it does not answer for this long. */
  readonly pingTimeoutMs: number;
}

/** Response headers as single texts, without pseudo headers. */
export function plainHeaders(headers: NodeJS.Dict<string | string[] | number>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !name.startsWith(":"))
      plain[name] = Array.isArray(value) ? value.join(", ") : String(value);
  }
  return plain;
}
