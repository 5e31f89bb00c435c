import type { TLSSocket } from "node:tls";
import type { Endpoint } from "./cached-access.ts";
import { dial } from "./dial.ts";
import { Http1Transport } from "./http1-transport.ts";
import { Http2Transport } from "./http2-transport.ts";
import type {
  Transport,
  TransportLimits,
  TransportRequest,
  TransportResponse,
  TransportTimeouts,
} from "./transport.ts";

/** Speaks HTTP/2 if the server chooses it in ALPN, else HTTP/1.1; plain `http://` is always HTTP/1.1. */
export class NegotiatedTransport implements Transport {
  readonly #endpoint: Endpoint;
  readonly #timeouts: TransportTimeouts;
  readonly #limits: TransportLimits;
  readonly #ended = new AbortController();
  #chosen: Promise<Transport> | undefined;
  /** The connection that ALPN was asked on, until HTTP/2 takes it over. */
  #first: TLSSocket | undefined;
  #retired = false;

  constructor(endpoint: Endpoint, timeouts: TransportTimeouts, limits: TransportLimits) {
    this.#endpoint = endpoint;
    this.#timeouts = timeouts;
    this.#limits = limits;
  }

  async request(request: TransportRequest): Promise<TransportResponse> {
    this.#chosen ??= this.#negotiate().catch((error: unknown) => {
      this.#chosen = undefined;
      throw error;
    });
    const transport = await this.#chosen;
    return transport.request(request);
  }

  async #negotiate(): Promise<Transport> {
    if (this.#endpoint.server.protocol === "http:") return this.#take(new Http1Transport(this.#endpoint, this.#limits));
    const socket = await this.#connect();
    if (socket.alpnProtocol !== "h2") {
      socket.destroy();
      return this.#take(new Http1Transport(this.#endpoint, this.#limits));
    }
    this.#first = socket;
    const open = (): Promise<TLSSocket> => this.#http2Socket();
    return this.#take(new Http2Transport(this.#endpoint.server.origin, open, this.#timeouts, this.#limits));
  }

  #connect(): Promise<TLSSocket> {
    return dial(this.#endpoint, this.#timeouts.connectMs, this.#ended.signal);
  }

  #take(transport: Transport): Transport {
    if (this.#ended.signal.aborted) transport.destroy(this.#reason());
    if (this.#retired) transport.retire();
    return transport;
  }

  async #http2Socket(): Promise<TLSSocket> {
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined && !first.destroyed) return first;
    const socket = await this.#connect();
    if (socket.alpnProtocol === "h2") return socket;
    socket.destroy();
    this.#chosen = undefined;
    throw new Error("the server does not speak HTTP/2 any more");
  }

  #reason(): Error {
    return this.#ended.signal.reason instanceof Error ? this.#ended.signal.reason : new Error("closed");
  }

  retire(): void {
    this.#retired = true;
    void this.#chosen?.then(
      (transport) => transport.retire(),
      () => undefined,
    );
  }

  destroy(reason: Error): void {
    this.#ended.abort(reason);
    this.#first?.destroy();
    void this.#chosen?.then(
      (transport) => transport.destroy(reason),
      () => undefined,
    );
  }
}
