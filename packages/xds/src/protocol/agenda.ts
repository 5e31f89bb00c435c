/** What one subscription still has to say: most of it together, after a refusal one resource per response. */
import type { Flight } from "./flights.ts";
import type { Ledger } from "./ledger.ts";
import { WaitingNames } from "./waiting.ts";
import type { Kind } from "./waiting.ts";

const KINDS: Readonly<Record<keyof Flight["oldest"], readonly Kind[]>> = {
  added: ["add"],
  content: ["add", "replace"],
  any: ["answer", "add", "replace", "remove"],
};

export class Agenda {
  readonly #ledger: Ledger;
  readonly together = new WaitingNames();
  readonly alone = new WaitingNames();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  get size(): number {
    return this.together.size + this.alone.size;
  }

  count(kind: Kind): number {
    return this.together.count(kind) + this.alone.count(kind);
  }

  has(name: string): boolean {
    return this.together.has(name) || this.alone.has(name);
  }

  kind(name: string): Kind | undefined {
    return (this.together.get(name) ?? this.alone.get(name))?.kind;
  }

  delete(name: string): void {
    this.together.delete(name);
    this.alone.delete(name);
  }

  *keys(): Iterable<string> {
    yield* this.together.keys();
    yield* this.alone.keys();
  }

  /** Notes a change. */
  touch(name: string, epoch: number): void {
    const into = this.alone.has(name) ? this.alone : this.together;
    const { source, withheld } = this.#ledger;
    into.touch(name, this.#ledger.kind(name), source.get(name), withheld.since(name) ?? epoch, epoch);
  }

  /** Moves a name to a list, with what there is now; its first change was at `since`. */
  put(into: WaitingNames, name: string, since: number, epoch: number): void {
    this.delete(name);
    into.put(name, this.#ledger.kind(name), this.#ledger.source.get(name), since, epoch);
  }

  /** The first change: of additions, of additions and replacements, or of any kind. Infinity when there is none. */
  oldest(what: keyof Flight["oldest"], withAlone: boolean): number {
    let oldest = Infinity;
    for (const kind of KINDS[what]) {
      oldest = Math.min(oldest, this.together.oldest(kind), withAlone ? this.alone.oldest(kind) : Infinity);
    }
    return oldest;
  }
}
