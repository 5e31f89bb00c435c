/** One request and its response; the two versions of HTTP look the same from here. */
import { constants } from "node:http2";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { IncomingHttpHeaders as Http2Headers, ServerHttp2Stream } from "node:http2";
import type { Readable, Writable } from "node:stream";
import type { Connection } from "./connection.ts";

export type ResponseHeaders = Readonly<Record<string, string>>;

export interface Exchange {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  readonly connection: Connection;
  /** The client's certificate was checked against the authority for clients. */
  readonly certified: boolean;
  /** Sends status and headers; a second time it breaks the response off. Errors of the stream are already taken care of; `close` is its end. */
  open(status: number, headers: ResponseHeaders): Writable;
  /** Breaks the response off after what was written: RST_STREAM, or with HTTP/1.1 the end of the connection. */
  abort(): void;
}

export function http1Exchange(
  request: IncomingMessage,
  response: ServerResponse,
  connection: Connection,
  certified: boolean,
): Exchange {
  response.on("error", ignore);
  return {
    method: request.method ?? "GET",
    target: request.url ?? "/",
    headers: request.headers,
    body: request,
    connection,
    certified,
    open(status, headers) {
      if (response.headersSent) response.destroy();
      if (response.destroyed) return response;
      response.writeHead(status, headers);
      // A response of unknown length may have its first byte much later.
      if (headers["content-length"] === undefined) response.flushHeaders();
      return response;
    },
    abort: () => void request.socket.end(),
  };
}

export function http2Exchange(
  stream: ServerHttp2Stream,
  headers: Http2Headers,
  connection: Connection,
  certified: boolean,
): Exchange {
  stream.on("error", ignore);
  return {
    method: headers[":method"] ?? "GET",
    target: headers[":path"] ?? "/",
    headers,
    body: stream,
    connection,
    certified,
    open(status, fields) {
      if (stream.headersSent) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      if (!stream.destroyed && !stream.closed) stream.respond({ ":status": status, ...fields });
      return stream;
    },
    abort: () => void stream.write("", () => stream.close(constants.NGHTTP2_INTERNAL_ERROR)),
  };
}

/** The other side went away: `close` follows. */
function ignore(): void {}
