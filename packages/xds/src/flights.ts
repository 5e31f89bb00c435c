/** Responses of one type that the client has not answered. */
import type { Belief } from "./belief.ts";

export interface Sent {
  /** Undefined: a removal. */
  readonly version: string | undefined;
  readonly since: number;
  readonly required: boolean;
  /** What the client was believed to hold. */
  readonly before: Belief;
}

export interface Flight {
  readonly nonce: string;
  readonly sentAt: number;
  readonly names: ReadonlyMap<string, Sent>;
  /** Since when nothing is known that could delay the answer. */
  quietSince: number | undefined;
  takenBack: boolean;
  /** Something that may name this response's resources was sent, so they cannot be taken back. */
  exposed: boolean;
}

export interface Overlap {
  /** Responses that may be unanswered at the same time. */
  readonly flights: number;
  /** Another one may follow an unanswered one after this time, in milliseconds. */
  readonly afterMs: number;
  /** The same while resources travel one by one. */
  readonly aloneAfterMs: number;
}

export class Flights {
  readonly #overlap: Overlap | undefined;
  readonly #flights = new Map<string, Flight>();
  /** The newest unanswered word about a name. */
  readonly #words = new Map<string, { readonly version: string | undefined; readonly nonce: string }>();

  constructor(overlap: Overlap | undefined) {
    this.#overlap = overlap;
  }

  get size(): number {
    return this.#flights.size;
  }

  /** Oldest first. */
  [Symbol.iterator](): Iterator<Flight> {
    return this.#flights.values();
  }

  /** Names with an unanswered word. */
  names(): Iterable<string> {
    return this.#words.keys();
  }

  word(name: string): { readonly version: string | undefined; readonly nonce: string } | undefined {
    return this.#words.get(name);
  }

  launch(nonce: string, now: number, names: ReadonlyMap<string, Sent>): void {
    this.#flights.set(nonce, { nonce, sentAt: now, names, quietSince: undefined, takenBack: false, exposed: false });
    for (const [name, { version }] of names) this.#words.set(name, { version, nonce });
  }

  /** The answered response, and those of its names that no later response speaks of. */
  land(nonce: string): { flight: Flight; own: Set<string> } | undefined {
    const flight = this.#flights.get(nonce);
    if (flight === undefined) return undefined;
    this.#flights.delete(nonce);
    const own = new Set<string>();
    for (const name of flight.names.keys()) {
      if (this.#words.get(name)?.nonce !== nonce) continue;
      this.#words.delete(name);
      own.add(name);
    }
    return { flight, own };
  }

  /** Whether another response may follow now; `alone` while resources travel one by one. */
  mayFollow(now: number, alone: boolean): boolean {
    if (this.#flights.size === 0) return true;
    return now >= (this.followDeadline(alone) ?? Infinity);
  }

  /** From when on another response may follow although the last one is not answered. */
  followDeadline(alone: boolean): number | undefined {
    const overlap = this.#overlap;
    if (overlap === undefined || this.#flights.size === 0 || this.#flights.size >= overlap.flights) return undefined;
    let last = -Infinity;
    for (const flight of this.#flights.values()) last = Math.max(last, flight.sentAt);
    return last + (alone ? overlap.aloneAfterMs : overlap.afterMs);
  }

  /** The first change among unanswered additions that were sent later than `sentAfter`. Infinity when there is none. */
  oldestAdd(sentAfter: number, requiredOnly: boolean): number {
    let oldest = Infinity;
    for (const flight of this.#flights.values()) {
      if (flight.sentAt <= sentAfter) continue;
      for (const sent of flight.names.values()) {
        if (sent.version !== undefined && (sent.required || !requiredOnly)) oldest = Math.min(oldest, sent.since);
      }
    }
    return oldest;
  }

  /** The first unanswered change. Infinity when there is none. */
  oldestOpen(): number {
    let oldest = Infinity;
    for (const flight of this.#flights.values()) {
      for (const sent of flight.names.values()) oldest = Math.min(oldest, sent.since);
    }
    return oldest;
  }
}
