/** Accepts connections and makes exchanges of them: HTTP/1.1 and HTTP/2 by ALPN over TLS, or plain HTTP/1.1. */
import { createServer as createHttpServer } from "node:http";
import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import { performServerHandshake } from "node:http2";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import type { Namespace } from "@carrick/agent/net";
import { Connection } from "./connection.ts";
import { http1Exchange, http2Exchange } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";

export interface TlsMaterial {
  readonly certPem: string;
  readonly keyPem: string;
  /** Signs the certificates of clients that need no token. */
  readonly clientCaPem?: string;
}

export interface ListenOptions {
  readonly address: string;
  readonly port: number;
  /** Where it listens, on all addresses; here when not given. */
  readonly namespace: Namespace | undefined;
  /** Plain HTTP/1.1 without it. */
  readonly tls: TlsMaterial | undefined;
  readonly maxConnections: number;
  on(exchange: Exchange): void;
}

interface Client {
  readonly connection: Connection;
  readonly certified: boolean;
}

export class Listener {
  readonly #options: ListenOptions;
  readonly #server: Server;
  readonly #http1: HttpServer;
  readonly #connections = new Set<Connection>();
  readonly #clients = new WeakMap<Duplex, Client>();

  constructor(options: ListenOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = options.maxConnections;
    this.#http1 = createHttpServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) =>
      this.#onHttp1(request, response),
    );
  }

  get connections(): Iterable<Connection> {
    return this.#connections;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  async listen(): Promise<void> {
    const { address, port, namespace } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.on("error", (error: NodeJS.ErrnoException) => {
      const fix =
        error.code === "EADDRINUSE" ? "choose another port or stop who has it" : "give an address of this host";
      reject(new Error(`${address}:${port}: cannot listen: ${error.message}: ${fix}`, { cause: error }));
    });
    // Without an address the socket is made in this turn; with one only after a resolver has been asked.
    if (namespace === undefined) this.#server.listen(port, address, resolve);
    else namespace.within(() => this.#server.listen(port, resolve));
    await promise;
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    for (const connection of this.#connections) connection.destroy();
    await promise;
  }

  #accept(socket: Socket): void {
    const connection = new Connection(socket);
    this.#connections.add(connection);
    connection.on("error", () => connection.destroy());
    connection.on("close", () => this.#connections.delete(connection));
    if (this.#options.tls === undefined) this.#serveHttp1(connection, { connection, certified: false });
    else this.#shakeHands(connection, this.#options.tls);
  }

  /** A TLS server of its own for each connection: node:tls does not tell which connection a handshake belongs to. */
  #shakeHands(connection: Connection, { certPem, keyPem, clientCaPem }: TlsMaterial): void {
    const asked = clientCaPem === undefined ? {} : { ca: clientCaPem, requestCert: true, rejectUnauthorized: false };
    const tls = createTlsServer({ cert: certPem, key: keyPem, ALPNProtocols: ["h2", "http/1.1"], ...asked });
    tls.on("tlsClientError", () => connection.destroy());
    tls.once("secureConnection", (socket) => {
      socket.on("error", () => connection.destroy());
      const client = { connection, certified: socket.authorized };
      if (socket.alpnProtocol === "h2") this.#serveHttp2(socket, client);
      else this.#serveHttp1(socket, client);
    });
    tls.emit("connection", connection);
  }

  #serveHttp1(socket: Duplex, client: Client): void {
    this.#clients.set(socket, client);
    this.#http1.emit("connection", socket);
  }

  #onHttp1(request: IncomingMessage, response: ServerResponse): void {
    const { connection, certified } = this.#clients.get(request.socket)!;
    this.#options.on(http1Exchange(request, response, connection, certified));
  }

  #serveHttp2(socket: Duplex, { connection, certified }: Client): void {
    const session = performServerHandshake(socket, { settings: { maxConcurrentStreams: 1000 } });
    session.on("error", () => connection.destroy());
    session.on("stream", (stream, headers) => {
      this.#options.on(http2Exchange(stream, headers, connection, certified));
    });
  }
}
