import { KubeError } from "../kube-error.ts";

/** Cuts a stream of bytes into lines. A line may be as long as `maxBytes`; nothing longer is ever held. */
export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Lines that this chunk completes, without their newlines; empty ones are left out. */
  *push(chunk: Uint8Array): Generator<Buffer> {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      this.#keep(chunk.subarray(start, end));
      start = end + 1;
      if (this.#bytes > 0) yield this.#take();
    }
    // A copy: the chunk shares its memory with what came beside it.
    if (start < chunk.length) this.#keep(Buffer.from(chunk.subarray(start)));
  }

  /** Call it when the stream has ended: throws if it ended inside a line. */
  end(): void {
    if (this.#bytes > 0) throw new KubeError(0, "Malformed", `the watch ended inside a line of ${this.#bytes} bytes`);
  }

  #keep(part: Uint8Array): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) {
      throw new KubeError(0, "Malformed", `the watch sent a line of more than ${this.#maxBytes} bytes`);
    }
    if (part.length > 0) this.#parts.push(part);
  }

  #take(): Buffer {
    const line = Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [];
    this.#bytes = 0;
    return line;
  }
}
