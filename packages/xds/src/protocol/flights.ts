/** Responses of one type that the client has not answered. */
import { isHeld } from "./belief.ts";
import type { Belief } from "./belief.ts";
import type { Resource } from "./resource.ts";

export type Remedy = "cure" | "probe";

export interface Sent {
  /** Undefined: a removal. */
  readonly resource: Resource | undefined;
  /** First change that it tells. */
  readonly since: number;
  /** What the client was believed to hold. */
  readonly before: Belief;
  /** It says nothing new. `cure`: it frees the client of what it refused. `probe`: its answer tells what to do. */
  readonly remedy: Remedy | undefined;
}

export interface Flight {
  readonly nonce: string;
  readonly sentAt: number;
  readonly names: ReadonlyMap<string, Sent>;
  /** The first change among its additions, its additions and replacements, and all of it. */
  readonly oldest: { readonly added: number; readonly content: number; readonly any: number };
  /** Since when nothing is known that could delay the answer; set by whoever watches for a lost answer. */
  quietSince: number | undefined;
  takenBack: boolean;
}

/** When a response may follow one that is not answered. */
export interface Overlap {
  /** Responses that may be unanswered at the same time. */
  readonly flights: number;
  /** Another one may follow the last after this time, in milliseconds. */
  readonly afterMs: number;
  /** The same while something waits for all answers. */
  readonly yieldingAfterMs: number;
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
  get names(): ReadonlyMap<string, unknown> {
    return this.#words;
  }

  word(name: string): { readonly version: string | undefined; readonly nonce: string } | undefined {
    return this.#words.get(name);
  }

  /** The response that says the newest unanswered word about a name. */
  of(name: string): Flight | undefined {
    const word = this.#words.get(name);
    return word === undefined ? undefined : this.#flights.get(word.nonce);
  }

  launch(nonce: string, now: number, names: ReadonlyMap<string, Sent>): void {
    let [added, content, any] = [Infinity, Infinity, Infinity];
    for (const [name, { resource, since, before, remedy }] of names) {
      this.#words.set(name, { version: resource?.version, nonce });
      if (remedy !== undefined) continue;
      any = Math.min(any, since);
      if (resource === undefined) continue;
      content = Math.min(content, since);
      if (!isHeld(before)) added = Math.min(added, since);
    }
    const oldest = { added, content, any };
    const flight = { nonce, sentAt: now, names, oldest, quietSince: undefined, takenBack: false };
    this.#flights.set(nonce, flight);
  }

  /** The answered response, and those of its names that no later response speaks of. */
  land(nonce: string): { readonly flight: Flight; readonly own: ReadonlySet<string> } | undefined {
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

  /** From when on another response may follow although the last one is not answered. */
  followAt(yielding: boolean): number | undefined {
    const overlap = this.#overlap;
    if (overlap === undefined || this.#flights.size === 0 || this.#flights.size >= overlap.flights) return undefined;
    let last = -Infinity;
    for (const flight of this.#flights.values()) last = Math.max(last, flight.sentAt);
    return last + (yielding ? overlap.yieldingAfterMs : overlap.afterMs);
  }

  /** The first unanswered change; of responses sent later than `sentAfter`. Infinity when there is none. */
  oldest(what: keyof Flight["oldest"], sentAfter: number): number {
    let oldest = Infinity;
    for (const flight of this.#flights.values()) {
      if (flight.sentAt > sentAfter) oldest = Math.min(oldest, flight.oldest[what]);
    }
    return oldest;
  }
}
