/** Accepts TLS connections whose certificate comes from a trusted authority; new material needs no restart. */
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:tls";
import type { TLSSocket } from "node:tls";
import { checkedContext, sameMaterial } from "./tls-material.ts";
import type { TlsMaterial } from "./tls-material.ts";
import { XdsError } from "./xds-error.ts";

const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface ListenAddress {
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface TlsListenerOptions {
  readonly listen: ListenAddress;
  /** Asked at each new connection; the same object again costs nothing. */
  readonly tls: () => TlsMaterial;
  /** Connections beyond it are dropped. */
  readonly connections: number;
  /** A connection whose other side has a certificate from a trusted authority. */
  readonly accept: (socket: TLSSocket) => void;
  /** A handshake failed. */
  readonly refused: (remote: string, sentence: string) => void;
  /** New material is not usable; the last good one stays in use. */
  readonly unusable: (sentence: string) => void;
}

export interface TlsListener {
  readonly address: ListenAddress;
  /** Takes no more connections; resolves when all have ended. */
  close(): Promise<void>;
  /** Ends all connections at once, also those that are still in the handshake. */
  cut(): void;
}

/** Throws `XdsError` when the material is not usable or the address cannot be listened on. */
export async function listenTls(options: TlsListenerOptions): Promise<TlsListener> {
  let material = options.tls();
  let unusable: TlsMaterial | undefined;
  const server = createServer({
    ...checkedContext(material),
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ["h2"],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    noDelay: true,
  });
  server.maxConnections = options.connections;

  const renew = (): void => {
    const next = options.tls();
    if (sameMaterial(next, material) || (unusable !== undefined && sameMaterial(next, unusable))) return;
    try {
      server.setSecureContext(checkedContext(next));
      material = next;
      unusable = undefined;
    } catch (error) {
      unusable = next;
      options.unusable(
        `${error instanceof Error ? error.message : String(error)}; the last good material stays in use`,
      );
    }
  };
  /** Open connections, by whom they are from: a socket that has gone does not say it any more. */
  const sockets = new Map<Socket, string>();
  // Before Node's own listener, which binds the connection to the context of that moment.
  server.prependListener("connection", (socket: Socket) => {
    sockets.set(socket, remoteOf(socket));
    socket.once("close", () => sockets.delete(socket));
    renew();
  });
  server.on("secureConnection", (socket) => {
    // An error is always followed by `close`.
    socket.on("error", () => {});
    options.accept(socket);
  });
  server.on("tlsClientError", (error, socket) => {
    options.refused(fromOf(socket, sockets), handshakeSentence(error, socket));
    socket.destroy();
  });

  const { address, port } = options.listen;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, options.listen)));
    server.listen(port, address, resolve);
  });
  const bound = server.address() as AddressInfo;
  return {
    address: { address: bound.address, port: bound.port },
    close: () => new Promise((resolve) => void server.close(() => resolve())),
    cut: () => {
      for (const socket of sockets.keys()) socket.destroy();
    },
  };
}

export function remoteOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}

/** Whom a failed handshake was with. The connection below it has gone as well, and is the only one that has. */
function fromOf(socket: TLSSocket, sockets: ReadonlyMap<Socket, string>): string {
  if (socket.remoteAddress !== undefined) return remoteOf(socket);
  const gone = [...sockets].filter(([one]) => one.destroyed);
  return gone.length === 1 ? gone[0]![1] : "a connection that has gone";
}

function handshakeSentence(error: Error, socket: TLSSocket): string {
  const reason: unknown = socket.authorizationError;
  const code = "code" in error ? error.code : undefined;
  // Node's types say Error; at run time it is OpenSSL's code.
  if (reason === "CERT_HAS_EXPIRED") return "the client's certificate has expired; renew it";
  if (reason === "CERT_NOT_YET_VALID") return "the client's certificate is not valid yet; compare the clocks";
  if (reason === "INVALID_PURPOSE") return "the client's certificate is not for clients; issue one with that usage";
  if (typeof reason === "string") {
    return `the client's certificate is not from a trusted authority (${reason}); issue it from the authority in use here`;
  }
  if (code === "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE") return "the client shows no certificate; give it one";
  return `the TLS handshake failed: ${error.message.slice(0, 200)}`;
}

function listenError(error: Error, { address, port }: ListenAddress): XdsError {
  const where = `listen ${address}:${port}`;
  const code = "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return new XdsError(
      "address",
      `${where}: the port is in use; end the process that listens there, or choose another`,
    );
  }
  if (code === "EACCES") {
    return new XdsError("address", `${where}: this user may not listen there; choose a port of 1024 or more`);
  }
  if (code === "EADDRNOTAVAIL") {
    return new XdsError("address", `${where}: no interface has this address; choose one of this machine`);
  }
  return new XdsError("address", `${where}: cannot listen (${error.message}); correct the address`);
}
