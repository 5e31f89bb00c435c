/** What one subscription knows of each name: what the client asked for, holds, refused, and has not answered. */
import { ABSENT, isHeld, MAYBE, mayBeHeld, SOME } from "./belief.ts";
import type { Belief } from "./belief.ts";
import { Flights } from "./flights.ts";
import type { Overlap, Sent } from "./flights.ts";
import { Holdings } from "./holdings.ts";
import { Interest } from "./interest.ts";
import type { Limits } from "./message.ts";
import { Refusals } from "./refusals.ts";
import type { Resource, Source } from "./resource.ts";
import type { Kind } from "./waiting.ts";
import { Withheld } from "./withheld.ts";

export interface LedgerOptions {
  readonly source: Source;
  readonly limits: Limits;
  /** Not given: one response in flight. */
  readonly overlap?: Overlap;
  /** Whether nobody is harmed when the client learns at once that the resource is missing. */
  readonly harmless?: (name: string) => boolean;
  /** The resources that the client holds are remembered, not only their versions. */
  readonly recalls?: boolean;
}

export class Ledger {
  readonly #harmless: (name: string) => boolean;
  readonly #recalls: boolean;
  readonly source: Source;
  readonly interest: Interest;
  readonly holdings = new Holdings();
  readonly refusals = new Refusals();
  readonly flights: Flights;
  /** To be sent even if the version is held. */
  readonly forced = new Set<string>();
  readonly withheld = new Withheld();

  constructor({ source, limits, overlap, harmless = () => false, recalls = false }: LedgerOptions) {
    this.#harmless = harmless;
    this.#recalls = recalls;
    this.source = source;
    this.interest = new Interest(limits);
    this.flights = new Flights(overlap);
  }

  /** What there is to say of a name, when `resource` is what there is now. */
  kind(name: string, resource: Resource | undefined): Kind {
    const believed = this.believed(name);
    if (resource === undefined) return this.mayBeUsed(name) ? "remove" : "answer";
    return isHeld(believed) && believed !== resource.version ? "replace" : "add";
  }

  /** Whether the client may still need a resource that is missing. */
  mayBeUsed(name: string): boolean {
    return mayBeHeld(this.believed(name)) && !this.#harmless(name);
  }

  /** Whether the resource has to be sent although the client may hold it as it is. */
  mustSend(name: string): boolean {
    return this.forced.has(name) || (this.holdings.isUnreported(name) && this.flights.word(name) === undefined);
  }

  /** What the client holds once it has taken everything that was sent. */
  believed(name: string): Belief {
    const word = this.flights.word(name);
    return word === undefined ? this.holdings.get(name) : (word.version ?? ABSENT);
  }

  /** Whether nothing may be said about the name, because too little is known. */
  silent(name: string): boolean {
    const resource = this.source.get(name);
    return resource === undefined ? !this.source.complete(name) : this.keeps(name, resource);
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

  /** The client reports a version that it holds. */
  report(name: string, version: string): void {
    const { source, holdings } = this;
    const now = this.#recalls ? source.get(name) : undefined;
    const earlier = this.#recalls && now?.version !== version ? source.earlier?.(name, version) : now;
    holdings.report(name, earlier ?? version);
  }

  /** The client took what was said. */
  accept(name: string, { resource, remedy }: Sent): void {
    if (remedy === undefined) this.refusals.delete(name);
    const absent = this.interest.isNamed(name) ? ABSENT : undefined;
    this.holdings.accept(name, resource === undefined ? absent : this.#held(resource));
  }

  /** The client refused the resource among others: it may hold it, and if so, without being able to report it. */
  doubt(name: string, { resource }: Sent, used: boolean): void {
    if (used && resource !== undefined) {
      this.holdings.use(name, isHeld(this.holdings.get(name)) ? SOME : this.#held(resource));
    } else this.holdings.set(name, MAYBE);
  }

  /** The client refused the resource alone: it holds what it held. */
  park(name: string, sent: Sent, message: string): void {
    const { holdings } = this;
    if (!isHeld(sent.before)) holdings.set(name, MAYBE);
    else if (holdings.get(name) !== sent.before) holdings.set(name, sent.before);
    this.refusals.park(name, sent, message);
  }

  #held(resource: Resource): string | Resource {
    return this.#recalls ? resource : resource.version;
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
