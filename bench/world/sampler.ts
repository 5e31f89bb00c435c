/**
 * Asks an edge over one kept connection, one request at a time, until an answer is the expected one. Bare sockets and
 * ready bytes: on a machine of two cores, a client that costs one of them slows what it measures.
 */
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { readAnswer } from "../../packages/lab/src/backend/index.ts";
import { now } from "../../packages/lab/src/load/index.ts";

export interface Edge {
  readonly address: string;
  readonly port: number;
  /** HTTPS: the authority of the edge's certificates. */
  readonly authority?: string;
}

export interface Answer {
  readonly status: number;
  /** Who answered, if it was a back end of the lab; else empty. */
  readonly cluster: string;
  readonly pod: string;
}

export interface Seen {
  /** When the answer was there, milliseconds since 1970 with a fraction. */
  readonly at: number;
  /** From the request before it to the one with this answer: nothing can be known more exactly than that. */
  readonly intervalMs: number;
}

/** From one request to the next at least, in milliseconds. */
const PACE_MS = 0.5;
const LONGEST_ANSWER_MS = 5_000;
const MAX_ANSWER = 64 * 1024;

const HEAD_END = Buffer.from("\r\n\r\n");
const pause = new Int32Array(new SharedArrayBuffer(4));

export class Sampler {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  #ended: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setTimeout(LONGEST_ANSWER_MS, () => {
      if (this.#waiting !== undefined) this.#end(new Error(`no answer within ${LONGEST_ANSWER_MS} ms`));
    });
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () => this.#end(new Error("the edge closed the connection")));
  }

  /** Connects; over TLS with the server name `host`. */
  static async connect({ address, port, authority }: Edge, host: string): Promise<Sampler> {
    const socket =
      authority === undefined
        ? createConnection({ host: address, port })
        : connectTls({ host: address, port, servername: host, ca: authority });
    const sampler = new Sampler(socket);
    await once(socket, authority === undefined ? "connect" : "secureConnect");
    return sampler;
  }

  /** One request for `/` of a host. Rejects when the connection ends. */
  ask(host: string): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    });
  }

  /** Asks until `done`; the answers before it are not kept. Rejects after `withinMs`. */
  async until(host: string, done: (answer: Answer) => boolean, withinMs: number): Promise<Seen> {
    const deadline = now() + withinMs;
    let before: number | undefined;
    for (;;) {
      const sent = now();
      const answer = await this.ask(host);
      const at = now();
      if (done(answer)) return { at, intervalMs: sent - (before ?? sent) };
      if (at > deadline) {
        throw new Error(`${host}: not within ${withinMs} ms; the last answer: ${answer.status} ${answer.pod}`);
      }
      before = sent;
      // Timers of Node are too coarse for this. Nothing else runs in this process meanwhile.
      const left = PACE_MS - (at - sent);
      if (left > 0) Atomics.wait(pause, 0, 0, left);
    }
  }

  close(): void {
    this.#end(new Error("closed"));
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0) return this.#bound();
    const head = this.#received.toString("latin1", 0, headEnd);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) return this.#end(new Error(`an answer without content-length: ${head}`));
    const end = headEnd + HEAD_END.length + length;
    if (this.#received.length < end) return this.#bound();
    const body = this.#received.toString("utf8", headEnd + HEAD_END.length, end);
    this.#received = this.#received.subarray(end);
    const status = Number(head.slice(9, 12));
    const { cluster, pod } = (status === 200 && readAnswer(body)) || { cluster: "", pod: "" };
    this.#waiting?.resolve({ status, cluster, pod });
    this.#waiting = undefined;
  }

  #bound(): void {
    if (this.#received.length > MAX_ANSWER) this.#end(new Error(`an answer of more than ${MAX_ANSWER} bytes`));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#waiting?.reject(this.#ended);
    this.#waiting = undefined;
    this.#socket.destroy();
  }
}
