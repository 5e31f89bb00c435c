import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { TLSSocket } from "node:tls";
import {
  plainHeaders,
  type TransportLimits,
  type TransportRequest,
  type TransportResponse,
  type TransportTimeouts,
} from "./transport.ts";

const streamWindow = 1024 * 1024;
const sessionWindow = 16 * 1024 * 1024;

/** The server has not looked at the request, so that any request may be sent again (RFC 9113 §8.7). */
export class RefusedStream extends Error {}

/** One HTTP/2 connection that notices its own death. */
export class Http2Session {
  /** Streams that are open or about to be. */
  active = 0;
  readonly #session: ClientHttp2Session;
  readonly #socket: TLSSocket;
  readonly #timeouts: TransportTimeouts;
  #heard = false;
  #retired = false;
  #ping: NodeJS.Timeout | undefined;

  constructor(session: ClientHttp2Session, socket: TLSSocket, timeouts: TransportTimeouts) {
    this.#session = session;
    this.#socket = socket;
    this.#timeouts = timeouts;
    session.setLocalWindowSize(sessionWindow);
    session.on("goaway", () => this.retire());
    session.once("close", () => clearTimeout(this.#ping));
    this.#watch();
  }

  /** Waits for the server's SETTINGS: before them the limit of streams is not known. */
  static open(
    origin: string,
    socket: TLSSocket,
    timeouts: TransportTimeouts,
    limits: TransportLimits,
    closed: (session: Http2Session) => void,
  ): Promise<Http2Session> {
    const { promise, resolve, reject } = Promise.withResolvers<Http2Session>();
    const session = connect(origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: streamWindow, maxHeaderListSize: limits.headerBytes },
      maxHeaderListPairs: 128,
      maxSessionMemory: 64,
    });
    const timer = setTimeout(() => {
      const late = new Error(`no HTTP/2 SETTINGS within ${timeouts.connectMs} ms`);
      reject(late);
      end(session, socket, late);
    }, timeouts.connectMs);
    let opened: Http2Session | undefined;
    session.once("error", reject);
    session.on("error", () => {
      // Every stream of the session reports the same error to its reader.
    });
    session.once("close", () => {
      clearTimeout(timer);
      reject(new Error("the server closed the connection before its HTTP/2 SETTINGS"));
      if (opened !== undefined) closed(opened);
    });
    session.once("remoteSettings", () => {
      clearTimeout(timer);
      opened = new Http2Session(session, socket, timeouts);
      resolve(opened);
    });
    return promise;
  }

  /** True if one more stream may be opened. */
  get free(): boolean {
    const most = this.#session.remoteSettings?.maxConcurrentStreams ?? 100;
    return !this.#retired && !this.#session.closed && !this.#session.destroyed && this.active < most;
  }

  async request(request: TransportRequest): Promise<TransportResponse> {
    this.active++;
    let stream: ClientHttp2Stream;
    try {
      request.signal.throwIfAborted();
      stream = this.#session.request(
        { ...request.headers, ":method": request.method, ":path": request.path },
        { endStream: request.body === undefined },
      );
    } catch (error) {
      this.#left();
      throw error;
    }
    const abort = (): void => {
      stream.close(constants.NGHTTP2_CANCEL);
      stream.destroy(request.signal.reason instanceof Error ? request.signal.reason : new Error("aborted"));
    };
    request.signal.addEventListener("abort", abort, { once: true });
    stream.once("close", () => {
      request.signal.removeEventListener("abort", abort);
      this.#left();
    });
    const { promise, resolve, reject } = Promise.withResolvers<TransportResponse>();
    stream.on("error", (error) => {
      if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) {
        this.retire();
        reject(new RefusedStream(error.message, { cause: error }));
      } else reject(error);
    });
    stream.once("close", () => reject(new Error(`the server reset the stream (HTTP/2 code ${stream.rstCode ?? 0})`)));
    stream.once("response", (headers) => {
      this.#heard = true;
      resolve({ status: headers[":status"] ?? 0, headers: plainHeaders(headers), body: this.#body(stream) });
    });
    if (request.body !== undefined) stream.end(request.body);
    return promise;
  }

  async *#body(stream: ClientHttp2Stream): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream) {
      this.#heard = true;
      yield chunk;
    }
    // To Node, a stream that is reset with CANCEL ends like a whole one.
    if (stream.rstCode !== undefined && stream.rstCode !== constants.NGHTTP2_NO_ERROR) {
      throw new Error(`the server reset the stream (HTTP/2 code ${stream.rstCode})`);
    }
  }

  #left(): void {
    this.active--;
    if (this.#retired && this.active === 0) this.#session.close();
  }

  #watch(): void {
    this.#ping = setTimeout(() => {
      if (this.#session.destroyed) return;
      if (this.#heard) {
        this.#heard = false;
        this.#watch();
        return;
      }
      const dead = setTimeout(() => {
        this.destroy(
          new Error(`the connection is dead: no answer to a PING within ${this.#timeouts.pingTimeoutMs} ms`),
        );
      }, this.#timeouts.pingTimeoutMs);
      const sent = this.#session.ping((error) => {
        clearTimeout(dead);
        if (error === null) this.#watch();
      });
      if (!sent) {
        clearTimeout(dead);
        this.destroy(new Error("the connection is dead: it takes no PING"));
      }
    }, this.#timeouts.pingEveryMs);
  }

  retire(): void {
    this.#retired = true;
    if (this.active === 0) this.#session.close();
  }

  destroy(reason: Error): void {
    end(this.#session, this.#socket, reason);
  }
}

/** A session alone would wait for its writes to be taken before it closes, which a dead peer never does. */
function end(session: ClientHttp2Session, socket: TLSSocket, reason: Error): void {
  session.destroy(reason);
  socket.destroy();
}
