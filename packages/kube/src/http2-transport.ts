import type { TLSSocket } from "node:tls";
import { Http2Session, RefusedStream } from "./http2-session.ts";
import type {
  Transport,
  TransportLimits,
  TransportRequest,
  TransportResponse,
  TransportTimeouts,
} from "./transport.ts";

/** A server that refuses more often than this in a row is not about to close but out of order. */
const mostRefused = 3;

/** HTTP/2 to one endpoint: one session as long as its peer's limit of concurrent streams allows, then another. */
export class Http2Transport implements Transport {
  readonly #origin: string;
  readonly #dial: () => Promise<TLSSocket>;
  readonly #timeouts: TransportTimeouts;
  readonly #limits: TransportLimits;
  readonly #sessions = new Set<Http2Session>();
  #opening: Promise<void> | undefined;
  #retired = false;
  #destroyed: Error | undefined;

  constructor(origin: string, dial: () => Promise<TLSSocket>, timeouts: TransportTimeouts, limits: TransportLimits) {
    this.#origin = origin;
    this.#dial = dial;
    this.#timeouts = timeouts;
    this.#limits = limits;
  }

  /** A connection that is about to close refuses what was on its way to it; that is sent again on another. */
  async request(request: TransportRequest): Promise<TransportResponse> {
    for (let refused = 0; ; refused += 1) {
      const session = await this.#freeSession(request.signal);
      try {
        return await session.request(request);
      } catch (error) {
        if (!(error instanceof RefusedStream) || refused === mostRefused) throw error;
      }
    }
  }

  async #freeSession(signal: AbortSignal): Promise<Http2Session> {
    for (;;) {
      if (this.#destroyed !== undefined) throw this.#destroyed;
      signal.throwIfAborted();
      for (const session of this.#sessions) if (session.free) return session;
      if (this.#sessions.size >= this.#limits.sessions) {
        throw new Error(`${this.#sessions.size} HTTP/2 sessions are full: the server allows too few streams at once`);
      }
      this.#opening ??= this.#open().finally(() => {
        this.#opening = undefined;
      });
      await this.#opening;
    }
  }

  async #open(): Promise<void> {
    const socket = await this.#dial();
    const session = await Http2Session.open(this.#origin, socket, this.#timeouts, this.#limits, (closed) => {
      this.#sessions.delete(closed);
    });
    if (this.#destroyed !== undefined) session.destroy(this.#destroyed);
    else this.#sessions.add(session);
    if (this.#retired && session.active === 0) session.retire();
  }

  retire(): void {
    this.#retired = true;
    for (const session of this.#sessions) session.retire();
  }

  destroy(reason: Error): void {
    this.#destroyed = reason;
    for (const session of this.#sessions) session.destroy(reason);
  }
}
