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
  #suspectedAt = -Infinity;
  #cancelledAt = -Infinity;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  get size(): number {
    return this.together.size + this.alone.size;
  }

  count(kind: Kind): number {
    return this.together.count(kind) + this.alone.count(kind);
  }

  /** Removals whose last change was at `from` or later, and before `before`. */
  removals(from: number, before: number): number {
    let count = 0;
    for (const list of [this.together, this.alone]) count += list.removals(from, before);
    return count;
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

  /** The last epoch at which something was gone before it was sent. */
  get cancelledAt(): number {
    return this.#cancelledAt;
  }

  /** When that was sent last which now has to travel alone. */
  get suspectedAt(): number | undefined {
    return this.alone.size === 0 ? undefined : this.#suspectedAt;
  }

  /** Notes a change, by default one of now. */
  touch(name: string, epoch: number, first = epoch): void {
    const into = this.alone.has(name) ? this.alone : this.together;
    const resource = this.#ledger.source.get(name);
    if (resource === undefined) this.cancel(name, epoch);
    const since = this.#ledger.withheld.since(name) ?? first;
    into.touch(name, this.#ledger.kind(name, resource), resource, since, epoch);
  }

  /** Moves a name to a list, with what there is now; its first change was at `since`. */
  put(into: WaitingNames, name: string, since: number, epoch: number): void {
    this.delete(name);
    const resource = this.#ledger.source.get(name);
    into.put(name, this.#ledger.kind(name, resource), resource, since, epoch);
  }

  /** The resource is gone, perhaps before it was sent. */
  cancel(name: string, epoch: number): void {
    if (this.kind(name) === "add") this.vanish(epoch);
  }

  /** Something is gone before it was sent. */
  vanish(epoch: number): void {
    this.#cancelledAt = epoch;
  }

  /** The name has to travel alone from now on; it was sent at `sentAt`. */
  suspect(name: string, since: number, sentAt: number, epoch: number): void {
    this.put(this.alone, name, since, epoch);
    this.#suspectedAt = sentAt;
  }

  /**
   * The first change: of additions, of additions and replacements, or of any kind. What has to travel alone counts if
   * it was sent later than `suspectedAfter`. Infinity when there is none.
   */
  oldest(what: keyof Flight["oldest"], suspectedAfter: number): number {
    let oldest = Infinity;
    for (const kind of KINDS[what]) {
      oldest = Math.min(oldest, this.together.oldest(kind));
      if (this.#suspectedAt > suspectedAfter) oldest = Math.min(oldest, this.alone.oldest(kind));
    }
    return oldest;
  }
}
