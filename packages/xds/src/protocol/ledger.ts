/** What one subscription knows of each name: what the client asked for, holds, refused, and has not answered. */
import { ABSENT, isHeld, MAYBE } from "./belief.ts";
import type { Belief } from "./belief.ts";
import { Flights } from "./flights.ts";
import type { Overlap, Sent } from "./flights.ts";
import { Holdings } from "./holdings.ts";
import { Interest } from "./interest.ts";
import type { Limits } from "./message.ts";
import { Refusals } from "./refusals.ts";
import type { Resource, Source } from "./resource.ts";

export class Ledger {
  readonly source: Source;
  readonly interest: Interest;
  readonly holdings = new Holdings();
  readonly refusals = new Refusals();
  readonly flights: Flights;
  /** To be sent even if the version is held. */
  readonly forced = new Set<string>();
  /** Neither sent nor removed until more is known. */
  readonly withheld = new Set<string>();

  constructor(source: Source, limits: Limits, overlap: Overlap | undefined) {
    this.source = source;
    this.interest = new Interest(limits);
    this.flights = new Flights(overlap);
  }

  /** What the client is taken to hold: nothing, when the resource has to be sent again in any case. */
  have(name: string): Belief {
    return this.forced.has(name) ? undefined : this.believed(name);
  }

  /** What the client holds once it has taken everything that was sent. */
  believed(name: string): Belief {
    const word = this.flights.word(name);
    return word === undefined ? this.holdings.get(name) : (word.version ?? ABSENT);
  }

  /** Whether nothing may be said about the name, because too little is known. */
  silent(name: string): boolean {
    const resource = this.source.get(name);
    return resource === undefined ? !this.source.complete() : this.keeps(name, resource);
  }

  /** A client that reported a version keeps it while what is known is only a part. */
  keeps(name: string, resource: Resource): boolean {
    return resource.partial === true && this.holdings.isReported(name);
  }

  /** Whether there can be anything to say: the set of names stays bounded by what exists, is asked for or held. */
  matters(name: string): boolean {
    if (this.interest.isNamed(name) || this.flights.word(name) !== undefined) return true;
    return this.holdings.get(name) !== undefined || this.source.get(name) !== undefined;
  }

  /** The client took what was said. */
  accept(name: string, { version }: Sent): void {
    this.refusals.delete(name);
    this.holdings.accept(name, version ?? (this.interest.isNamed(name) ? ABSENT : undefined));
  }

  /** The client refused the resource alone: it holds what it held. */
  park(name: string, sent: Sent, message: string): void {
    this.holdings.set(name, isHeld(sent.before) ? sent.before : MAYBE);
    this.refusals.park(name, sent, message);
  }

  forget(name: string): void {
    this.holdings.delete(name);
    this.refusals.delete(name);
    this.forced.delete(name);
    this.withheld.delete(name);
  }

  /** Names remembered for one reason or another, each reason counted. */
  get entries(): number {
    const { interest, holdings, refusals, flights, forced, withheld } = this;
    return interest.size + holdings.entries + refusals.size + flights.names.size + forced.size + withheld.size;
  }
}
