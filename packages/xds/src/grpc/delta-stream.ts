/** One stream: requests into the sequencer, its responses onto the wire while the wire takes them. */
import { LimitError } from "../protocol/index.ts";
import type { Limits, Rejection, Sequencer, TypeState, TypeUrl, Verdict } from "../protocol/index.ts";
import type { Clock } from "./clock.ts";
import type { MessageStream, StreamEnd, StreamListener, StreamStatus } from "./message-stream.ts";
import type { Peer } from "./peer-name.ts";
import { decodeRequest } from "./request-bytes.ts";
import { encodeResponse } from "./response-bytes.ts";
import type { CloseReason, XdsEvent } from "./xds-event.ts";

export interface DeltaStreamOptions {
  readonly peer: Peer;
  readonly stream: MessageStream;
  readonly sequencer: Sequencer;
  readonly clock: Clock;
  readonly limits: Limits;
  /** A client that answers nothing, or reads nothing, for this long is ended; it resumes. */
  readonly unansweredMs: number;
  readonly on: (event: XdsEvent) => void;
  readonly ended: () => void;
}

/** What is known about one stream. */
export interface StreamState {
  readonly peer: Peer;
  readonly remote: string;
  /** When it was opened, in milliseconds since 1970. */
  readonly since: number;
  readonly bytesSent: number;
  /** Bytes that were written and have not left this process. */
  readonly bytesQueued: number;
  /** Names over all types that still have to be looked at. */
  readonly pending: number;
  /** When the oldest response without an answer was sent; absent where everything is answered. */
  readonly unansweredSince?: number;
  readonly types: readonly TypeState[];
  readonly rejections: readonly (Rejection & { readonly type: TypeUrl })[];
}

export class DeltaStream implements StreamListener {
  readonly #options: DeltaStreamOptions;
  readonly #since: number;
  /** When each response without an answer was written, by nonce. */
  readonly #writtenAt = new Map<string, number>();
  #bytesSent = 0;
  /** Since when the transport takes nothing. */
  #fullSince: number | undefined;
  #pumpAhead = false;
  #over = false;
  #reason: CloseReason | undefined;
  /** What the log says and the client is not told. */
  #detail: string | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(options: DeltaStreamOptions) {
    this.#options = options;
    this.#since = options.clock.now();
  }

  get peer(): Peer {
    return this.#options.peer;
  }

  get sequencer(): Sequencer {
    return this.#options.sequencer;
  }

  /** The view changed; see `View.watch`. */
  changed(...what: Parameters<Sequencer["changed"]>): void {
    this.#guarded(() => this.#options.sequencer.changed(...what));
    this.#wake();
  }

  message(bytes: Uint8Array): void {
    this.#guarded(() => {
      const decoded = this.#decoded(bytes);
      if (decoded === undefined) return;
      this.#report(decoded.type, this.#options.sequencer.request(decoded.type, decoded.request), decoded.request.nonce);
      this.#wake();
    });
  }

  drained(): void {
    this.#fullSince = undefined;
    this.#wake();
  }

  ended(end: StreamEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTimer?.();
    const { peer, stream, on, ended } = this.#options;
    const reason = this.#reason ?? (end.cause === "age" ? "age" : end.cause === "closed" ? "shutdown" : "client");
    ended();
    on({ kind: "closed", peer, remote: stream.remote, reason, message: this.#detail ?? end.message });
  }

  state(): StreamState {
    const { peer, stream, sequencer } = this.#options;
    const types = sequencer.state();
    const unansweredSince = sequencer.unansweredSince();
    return {
      peer,
      remote: stream.remote,
      since: this.#since,
      bytesSent: this.#bytesSent,
      bytesQueued: stream.queuedBytes,
      pending: types.reduce((sum, { pending }) => sum + pending, 0),
      ...(unansweredSince !== undefined && { unansweredSince }),
      types,
      rejections: types.flatMap(({ type, rejected }) => rejected.map((rejection) => ({ type, ...rejection }))),
    };
  }

  /** Any number of events in one turn of the event loop cost one look at what to say. */
  #wake(): void {
    if (this.#pumpAhead || this.#over) return;
    this.#pumpAhead = true;
    setImmediate(() => {
      this.#pumpAhead = false;
      this.#guarded(() => this.#pump());
    });
  }

  #pump(): void {
    const { sequencer, stream, clock, peer, on } = this.#options;
    let now = clock.now();
    for (; !this.#over && this.#fullSince === undefined; now = clock.now()) {
      const response = sequencer.step(now);
      if (response === undefined) break;
      const bytes = encodeResponse(response);
      this.#writtenAt.set(response.nonce, now);
      this.#bytesSent += bytes.length;
      if (!stream.write(bytes)) this.#fullSince = now;
      const names = response.resources.map(({ name }) => name);
      on({ kind: "sent", peer, type: response.type, names, removed: response.removed, bytes: bytes.length });
    }
    this.#arm(now);
  }

  /**
   * One timer: the sequencer's next deadline, or the end of patience with the client. The deadline is the next one after
   * the last step: timers fire up to a millisecond early, and what became due since that step has not been looked at.
   */
  #arm(steppedAt: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#over) return;
    const { sequencer, clock } = this.#options;
    const next = this.#fullSince === undefined ? (sequencer.deadline(steppedAt) ?? Infinity) : Infinity;
    const at = Math.min(next, this.#patience());
    if (at < Infinity)
      this.#cancelTimer = clock.after(Math.max(0, at - clock.now()), () => this.#guarded(() => this.#due()));
  }

  #patience(): number {
    const unanswered = this.#options.sequencer.unansweredSince() ?? Infinity;
    return Math.min(unanswered, this.#fullSince ?? Infinity) + this.#options.unansweredMs;
  }

  #due(): void {
    const seconds = this.#options.unansweredMs / 1000;
    if (this.#options.clock.now() < this.#patience()) this.#pump();
    else this.#close("unanswered", "UNAVAILABLE", `no answer for ${seconds} s; connect again, what you hold is kept`);
  }

  #decoded(bytes: Uint8Array): ReturnType<typeof decodeRequest> | undefined {
    try {
      return decodeRequest(bytes, this.#options.limits);
    } catch (error) {
      if (error instanceof LimitError) throw error;
      this.#close("invalid", "INVALID_ARGUMENT", "the message is no DeltaDiscoveryRequest");
      return undefined;
    }
  }

  #report(type: TypeUrl, verdict: Verdict, nonce: string | undefined): void {
    if (nonce === undefined) return;
    const { peer, clock, on } = this.#options;
    const ms = clock.now() - (this.#writtenAt.get(nonce) ?? clock.now());
    this.#writtenAt.delete(nonce);
    if (verdict.kind === "none") return;
    if (verdict.kind === "ack") on({ kind: "acked", peer, type, names: verdict.names, ms });
    else on({ kind: "nacked", peer, type, names: verdict.names, message: verdict.message });
  }

  /** An error ends this stream, never the process. */
  #guarded(act: () => void): void {
    if (this.#over) return;
    try {
      act();
    } catch (error) {
      if (error instanceof LimitError) this.#close("limit", "RESOURCE_EXHAUSTED", error.message);
      else {
        this.#detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.#close("defect", "INTERNAL", "the server failed; its log says why");
      }
    }
  }

  #close(reason: CloseReason, status: StreamStatus, message: string): void {
    this.#reason = reason;
    this.#options.stream.close(status, message);
  }
}
