import { isIP } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import type { Endpoint } from "./cached-access.ts";

/** Host and port of an endpoint as sockets want them (IPv6 without brackets). */
export function authority(server: URL): { host: string; port: number } {
  const host = server.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = server.port === "" ? (server.protocol === "https:" ? 443 : 80) : Number(server.port);
  return { host, port };
}

/** The TLS part of a connection to the endpoint. */
export function tlsOptions(endpoint: Endpoint): ConnectionOptions {
  const { host } = authority(endpoint.server);
  const name = endpoint.serverName ?? (isIP(host) === 0 ? host : undefined);
  return {
    rejectUnauthorized: !endpoint.insecure,
    minVersion: "TLSv1.2",
    ...(endpoint.ca === undefined ? {} : { ca: endpoint.ca }),
    ...(endpoint.certificate === undefined ? {} : { cert: endpoint.certificate }),
    ...(endpoint.key === undefined ? {} : { key: endpoint.key.reveal() }),
    ...(name === undefined ? {} : { servername: name }),
  };
}

/** Connects with TLS; `alpnProtocol` of the result says what the server speaks. */
export function dial(endpoint: Endpoint, timeoutMs: number, signal: AbortSignal): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  if (signal.aborted) {
    reject(signal.reason);
    return promise;
  }
  const socket = connect({
    ...authority(endpoint.server),
    ...tlsOptions(endpoint),
    ALPNProtocols: ["h2", "http/1.1"],
  });
  const timer = setTimeout(() => {
    socket.destroy(new Error(`no connection within ${timeoutMs} ms`));
  }, timeoutMs);
  const abort = (): void => {
    socket.destroy(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
  };
  const settle = (): void => {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  };
  signal.addEventListener("abort", abort, { once: true });
  socket.setNoDelay(true);
  socket.once("error", (error) => {
    settle();
    reject(error);
  });
  socket.once("close", () => {
    settle();
    reject(new Error("the server closed the connection during the TLS handshake"));
  });
  socket.once("secureConnect", () => {
    settle();
    resolve(socket);
  });
  return promise;
}
