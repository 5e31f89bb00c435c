/** One request and what comes back: pure, fed with datagrams until the answer is whole. */
import { type Acknowledgement, readAcknowledgement } from "./acknowledgement.ts";
import { NetlinkFormatError } from "./attribute.ts";
import { Control, Flag, readMessages } from "./message.ts";

/** Of a dump; a node with more routes than this is not one that Carrick knows. */
const MAX_ROWS = 4_000_000;

export interface Answer extends Acknowledgement {
  /** Bodies, in the order in which they came. */
  readonly rows: readonly Uint8Array[];
  /** The table changed meanwhile: ask again. */
  readonly interrupted: boolean;
}

/** Every request asks for an acknowledgement or is a dump, so every answer has an end that is said. */
export class Conversation {
  readonly #sequence: number;
  readonly #rows: Uint8Array[] = [];
  #interrupted = false;
  #end: Acknowledgement | undefined;

  constructor(sequence: number) {
    this.#sequence = sequence;
  }

  /**
   * Takes a datagram; gives the answer when it is whole. Rows are copied: the caller may use its buffer again. What
   * belongs to another request (an answer that came too late) is dropped. Throws `NetlinkFormatError`.
   */
  take(datagram: Uint8Array): Answer | undefined {
    for (const message of readMessages(datagram)) {
      if (message.sequence !== this.#sequence) continue;
      if ((message.flags & Flag.interrupted) !== 0) this.#interrupted = true;
      if (message.type === Control.error || message.type === Control.done) this.#end = readAcknowledgement(message);
      else if (message.type === Control.overrun) throw new NetlinkFormatError("the kernel lost a part of its answer");
      else if (message.type !== Control.noop) this.#row(message.body);
    }
    if (this.#end === undefined) return undefined;
    return { ...this.#end, rows: this.#rows, interrupted: this.#interrupted };
  }

  #row(body: Uint8Array): void {
    if (this.#rows.length >= MAX_ROWS) throw new NetlinkFormatError(`an answer has more than ${MAX_ROWS} rows`);
    this.#rows.push(body.slice());
  }
}
