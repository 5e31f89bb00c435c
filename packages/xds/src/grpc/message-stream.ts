/**
 * What the protocol needs of a transport: streams of whole messages between two sides that know each other by
 * certificate. gRPC on grpc-js is behind it, and could be replaced.
 */

/** How a stream ends for the other side; the names of gRPC's status codes. */
export type StreamStatus =
  | "OK"
  | "INVALID_ARGUMENT"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "INTERNAL"
  | "UNAVAILABLE";

export interface MessageStream {
  /** Address and port of the other side, for logs. */
  readonly remote: string;
  /** Bytes that were written and have not left this process. */
  readonly queuedBytes: number;
  /** Hands over a message. False: the transport holds enough; write again after `drained`. */
  write(message: Uint8Array): boolean;
  /** Ends the stream; `ended` follows at once. */
  close(status: StreamStatus, message: string): void;
}

/** What happens on a stream; never called before the stream is handed over, nor after `ended`. */
export interface StreamListener {
  message(bytes: Uint8Array): void;
  drained(): void;
  /** Called once, however it ended. */
  ended(end: StreamEnd): void;
}

export interface StreamEnd {
  /** `age`: the connection reached its age. `closed`: by `close`. `remote`: the other side, or the network. */
  readonly cause: "age" | "closed" | "remote";
  readonly message: string;
}

/** A stream as a server sees it. */
export interface AcceptedStream extends MessageStream {
  /** `subjectaltname` of the verified certificate, as Node prints it. */
  readonly alternativeNames: string | undefined;
}
