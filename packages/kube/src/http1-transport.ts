import http from "node:http";
import https from "node:https";
import type { Endpoint } from "./cached-access.ts";
import { authority, tlsOptions } from "./dial.ts";
import {
  plainHeaders,
  type Transport,
  type TransportLimits,
  type TransportRequest,
  type TransportResponse,
} from "./transport.ts";

/** HTTP/1.1 to one endpoint: one connection for each open request, kept for the next one. */
export class Http1Transport implements Transport {
  readonly #endpoint: Endpoint;
  readonly #limits: TransportLimits;
  readonly #agent: http.Agent;
  readonly #open = new Set<http.ClientRequest>();
  #retired = false;
  #destroyed: Error | undefined;

  constructor(endpoint: Endpoint, limits: TransportLimits) {
    this.#endpoint = endpoint;
    this.#limits = limits;
    const common = { keepAlive: true, keepAliveMsecs: 15_000, maxSockets: limits.connections, maxFreeSockets: 4 };
    this.#agent =
      endpoint.server.protocol === "https:"
        ? new https.Agent({ ...common, ...tlsOptions(endpoint), ALPNProtocols: ["http/1.1"] })
        : new http.Agent(common);
  }

  async request(request: TransportRequest): Promise<TransportResponse> {
    try {
      return await this.#once(request);
    } catch (error) {
      // A kept connection may have been closed by the server just now; only a request without effects is sent again.
      if (!(error instanceof StaleConnection) || request.method !== "GET") throw error;
      return this.#once(request);
    }
  }

  async #once(request: TransportRequest): Promise<TransportResponse> {
    if (this.#destroyed !== undefined) throw this.#destroyed;
    request.signal.throwIfAborted();
    if (this.#open.size >= this.#limits.connections) {
      throw new Error(`${this.#open.size} HTTP/1.1 connections are in use, which is the limit`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<TransportResponse>();
    const options: https.RequestOptions = {
      ...authority(this.#endpoint.server),
      agent: this.#agent,
      method: request.method,
      path: request.path,
      headers: { ...request.headers, ...(request.body === undefined ? {} : { "content-length": request.body.length }) },
      maxHeaderSize: this.#limits.headerBytes,
    };
    const sent = this.#endpoint.server.protocol === "https:" ? https.request(options) : http.request(options);
    this.#open.add(sent);
    const abort = (): void => {
      sent.destroy(request.signal.reason instanceof Error ? request.signal.reason : new Error("aborted"));
    };
    request.signal.addEventListener("abort", abort, { once: true });
    sent.once("close", () => {
      request.signal.removeEventListener("abort", abort);
      this.#open.delete(sent);
      if (this.#retired && this.#open.size === 0) this.#agent.destroy();
      reject(new Error("the server closed the connection without an answer"));
    });
    sent.on("error", (error) => {
      reject(
        sent.reusedSocket && !request.signal.aborted ? new StaleConnection(error.message, { cause: error }) : error,
      );
    });
    sent.once("response", (response) => {
      resolve({ status: response.statusCode ?? 0, headers: plainHeaders(response.headers), body: response });
    });
    sent.end(request.body);
    return promise;
  }

  retire(): void {
    this.#retired = true;
    if (this.#open.size === 0) this.#agent.destroy();
  }

  destroy(reason: Error): void {
    this.#destroyed = reason;
    for (const request of this.#open) request.destroy(reason);
    this.#agent.destroy();
  }
}

class StaleConnection extends Error {}
