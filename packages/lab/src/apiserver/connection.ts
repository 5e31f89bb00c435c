import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/**
 * One accepted TCP connection. It lies below TLS and HTTP, so that it can be reset, or fall silent as when a network
 * drops every packet: it stays open, and not even an HTTP/2 PING is answered.
 */
export class Connection extends Duplex {
  readonly #socket: Socket;
  #silent = false;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on("data", (chunk) => {
      if (!this.#silent && !this.push(chunk)) socket.pause();
    });
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
    socket.pause();
  }

  /** From now on nothing arrives and nothing is sent. */
  silence(): void {
    this.#silent = true;
    // Still read, so that it is seen when the other side gives up.
    this.#socket.resume();
  }

  /** Ends the connection with RST. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#silent) done();
    else this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#silent) done();
    else this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
