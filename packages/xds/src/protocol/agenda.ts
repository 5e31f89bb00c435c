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
    into.touch(name, this.#ledger.source.get(name), this.#ledger.have(name), epoch);
  }

  /** Moves a name to a list, with what there is now; its first change was at `since`. */
  put(into: WaitingNames, name: string, since: number, epoch: number): void {
    this.delete(name);
    into.put(name, this.#ledger.source.get(name), this.#ledger.have(name), since, epoch);
  }

  /** The first change: of additions, of additions and replacements, or of any kind. Infinity when there is none. */
  oldest(what: keyof Flight["oldest"]): number {
    let oldest = Infinity;
    for (const kind of KINDS[what]) oldest = Math.min(oldest, this.together.oldest(kind), this.alone.oldest(kind));
    return oldest;
  }
}
