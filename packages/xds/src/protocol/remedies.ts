/**
 * What frees a client of a resource that it refused. Envoy keeps a refused cluster among those that warm: from the next
 * change of any cluster on it answers nothing, and does not even ask for clusters on its next stream. The removal of a
 * name that was new to it frees it; of another name only a version that it takes: the last one.
 */
import { isHeld, MAYBE, SOME } from "./belief.ts";
import { Draft } from "./draft.ts";
import type { Sent } from "./flights.ts";
import type { Ledger } from "./ledger.ts";
import type { Resource } from "./resource.ts";

export class Remedies {
  readonly #ledger: Ledger;
  /** What was, or may have been, refused and was not treated yet. */
  readonly #due = new Map<string, Resource | undefined>();
  readonly #stuck = new Set<string>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  get due(): boolean {
    return this.#due.size > 0;
  }

  /**
   * Names that only another version can free, because nobody has the last one any more. Until then nothing else may be
   * said: it would silence the client for good.
   */
  get stuck(): ReadonlySet<string> {
    return this.#stuck;
  }

  get size(): number {
    return this.#due.size + this.#stuck.size;
  }

  /** The client refused what was sent of the name. `used`: it took that response but for others. */
  refused(name: string, { resource, before }: Sent, used: boolean): void {
    if (resource !== undefined && (isHeld(before) || !used)) this.#due.set(name, resource);
  }

  /** An earlier stream ended before the client said whether it refused the name, which was new to it. */
  unanswered(name: string): void {
    if (this.#ledger.holdings.get(name) === MAYBE) this.#due.set(name, undefined);
  }

  /** The client took what was said of the name. */
  taken(name: string, { remedy }: Sent): void {
    if (remedy !== "probe") return void this.#stuck.delete(name);
    // What is among those that warm is nothing new to Envoy; what is not, it refuses again. It will report this version.
    this.#stuck.add(name);
    this.#ledger.holdings.set(name, SOME);
  }

  /** What is to be said before anything else, perhaps nothing. */
  compose(): Draft {
    const { holdings, interest } = this.#ledger;
    const draft = new Draft(Infinity);
    for (const [name, refused] of this.#due) {
      if (!interest.wants(name)) continue;
      const before = holdings.get(name);
      const last = holdings.last(name);
      if (isHeld(before) && last === undefined) {
        if (refused !== undefined) draft.add(name, refused, 0, before, "probe");
      } else draft.add(name, last, 0, before, "cure");
    }
    this.#due.clear();
    return draft;
  }

  forget(name: string): void {
    this.#due.delete(name);
    this.#stuck.delete(name);
  }
}
