/** gRPC on grpc-js: streams of ready bytes, one connection's certificate for all of its streams. */
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { ServerDuplexStream, ServiceDefinition } from "@grpc/grpc-js";
import type { TLSSocket } from "node:tls";
import type { Clock } from "./clock.ts";
import type { AcceptedStream, StreamEnd, StreamListener, StreamStatus } from "./message-stream.ts";
import { listenTls, remoteOf } from "./tls-listener.ts";
import type { ListenAddress, TlsListenerOptions } from "./tls-listener.ts";

/** A stream whose end the other side does not take takes its connection with it. */
const END_TIMEOUT_MS = 5000;

export interface GrpcListenerOptions extends Omit<TlsListenerOptions, "accept"> {
  /** For example `/package.Service/Method`. */
  readonly method: string;
  readonly clock: Clock;
  readonly limits: GrpcLimits;
  /** How long a connection may live, in milliseconds; asked once for each. */
  readonly age: () => number;
  /** A new stream; what is returned hears of it. */
  readonly accept: (stream: AcceptedStream) => StreamListener;
}

export interface GrpcLimits {
  /** Bytes of one request. */
  readonly requestBytes: number;
  /** Bytes that may be queued before `write` says false; one message may exceed it. */
  readonly queuedBytes: number;
  /** HTTP/2 streams of one connection. */
  readonly streamsPerConnection: number;
  /** Pings on a connection: a silent one is found and ended. */
  readonly keepalive: { readonly everyMs: number; readonly timeoutMs: number };
}

export interface GrpcListener {
  readonly address: ListenAddress;
  /** Ends all streams with UNAVAILABLE and this message; after `graceMs` connections are cut. Resolves when all ended. */
  close(message: string, graceMs: number): Promise<void>;
}

type ConnectionInjector = ReturnType<Server["createConnectionInjector"]>;
type Call = ServerDuplexStream<Buffer, Uint8Array>;

/** Throws `XdsError`; see `listenTls`. */
export async function listenGrpc(options: GrpcListenerOptions): Promise<GrpcListener> {
  const { limits, clock } = options;
  const connections = new Map<string, Connection>();
  const server = new Server({
    "grpc.max_receive_message_length": limits.requestBytes,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": limits.streamsPerConnection,
    "grpc.keepalive_time_ms": limits.keepalive.everyMs,
    "grpc.keepalive_timeout_ms": limits.keepalive.timeoutMs,
    "grpc.enable_channelz": 0,
  });
  server.addService(serviceOf(options.method), {
    stream: (call: Call) => {
      const connection = connections.get(call.getPeer());
      if (connection === undefined) call.destroy();
      else connection.open(new GrpcStream(call, connection, options));
    },
  });
  const listener = await listenTls({
    ...options,
    accept: (socket) => {
      const remote = remoteOf(socket);
      // TLS is ended before gRPC: only what passed the handshake is injected. Each connection has an injector of its
      // own, because an injector ends all of its connections together.
      const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
      const connection = new Connection(socket, injector, clock, lifetime(socket, options.age(), clock.now()));
      connections.set(remote, connection);
      socket.once("close", () => {
        connections.delete(remote);
        connection.gone();
      });
      injector.injectConnection(socket);
    },
  });
  return {
    address: listener.address,
    close: async (message, graceMs) => {
      const ended = listener.close();
      for (const connection of connections.values()) connection.end("UNAVAILABLE", { cause: "closed", message });
      const cancel = clock.after(graceMs, () => listener.cut());
      await ended;
      cancel();
      server.forceShutdown();
    },
  };
}

/** A connection does not outlive the certificate that it was opened with. */
function lifetime(socket: TLSSocket, age: number, now: number): number {
  const end = Date.parse(socket.getPeerCertificate().valid_to);
  return Math.max(0, Math.min(age, end - now));
}

function serviceOf(path: string): ServiceDefinition {
  const same = (bytes: Buffer): Buffer => bytes;
  return {
    stream: {
      path,
      requestStream: true,
      responseStream: true,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  };
}

class Connection {
  readonly #socket: TLSSocket;
  readonly #injector: ConnectionInjector;
  readonly #streams = new Set<GrpcStream>();
  readonly #cancelAge: () => void;
  #ending = false;

  constructor(socket: TLSSocket, injector: ConnectionInjector, clock: Clock, lifetimeMs: number) {
    this.#socket = socket;
    this.#injector = injector;
    this.#cancelAge = clock.after(lifetimeMs, () => {
      this.end("OK", { cause: "age", message: "the connection reached its age; connect again" });
    });
  }

  open(stream: GrpcStream): void {
    this.#streams.add(stream);
    stream.start();
    if (this.#ending)
      stream.end("UNAVAILABLE", { cause: "closed", message: "the connection is ending; connect again" });
  }

  left(stream: GrpcStream): void {
    this.#streams.delete(stream);
  }

  /** Ends all streams, tells the other side to open no more (GOAWAY), and hangs up when the ends were taken. */
  end(code: StreamStatus, end: StreamEnd): void {
    if (this.#ending) return;
    this.#ending = true;
    for (const stream of this.#streams) stream.end(code, end);
    this.#injector.drain(END_TIMEOUT_MS);
  }

  cut(): void {
    this.#socket.destroy();
  }

  gone(): void {
    this.#cancelAge();
    this.#injector.destroy();
    for (const stream of this.#streams) stream.gone();
  }
}

class GrpcStream implements AcceptedStream {
  readonly remote: string;
  readonly alternativeNames: string | undefined;
  readonly #call: Call;
  readonly #connection: Connection;
  readonly #options: GrpcListenerOptions;
  #listener: StreamListener | undefined;
  #queued = 0;
  #full = false;
  #ended = false;
  #cancelCut: (() => void) | undefined;

  constructor(call: Call, connection: Connection, options: GrpcListenerOptions) {
    this.remote = call.getPeer();
    this.alternativeNames = call.getAuthContext().sslPeerCertificate?.subjectaltname;
    this.#call = call;
    this.#connection = connection;
    this.#options = options;
  }

  get queuedBytes(): number {
    return this.#queued;
  }

  start(): void {
    const call = this.#call;
    call.on("error", () => {});
    call.once("cancelled", () => this.gone());
    call.once("close", () => {
      this.gone();
      this.#cancelCut?.();
      this.#connection.left(this);
    });
    this.#listener = this.#options.accept(this);
    if (this.#ended) return;
    call.on("data", (bytes: Buffer) => {
      if (!this.#ended) this.#listener?.message(bytes);
    });
    call.once("end", () => this.end("OK", { cause: "remote", message: "the client ended the stream" }));
  }

  write(message: Uint8Array): boolean {
    if (this.#ended) return false;
    const size = message.byteLength;
    this.#queued += size;
    this.#call.write(message, () => this.#left(size));
    this.#full = this.#queued >= this.#options.limits.queuedBytes;
    return !this.#full;
  }

  close(code: StreamStatus, message: string): void {
    this.end(code, { cause: "closed", message });
  }

  end(code: StreamStatus, end: StreamEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelCut = this.#options.clock.after(END_TIMEOUT_MS, () => this.#connection.cut());
    this.#call.emit("error", { code: status[code], details: end.message });
    this.#listener?.ended(end);
  }

  gone(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#listener?.ended({ cause: "remote", message: "the client left, or the connection was lost" });
  }

  #left(size: number): void {
    this.#queued -= size;
    if (!this.#full || this.#queued >= this.#options.limits.queuedBytes) return;
    this.#full = false;
    if (!this.#ended) this.#listener?.drained();
  }
}
