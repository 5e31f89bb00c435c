/** Names to look at again: a set, so changes coalesce and nothing can overflow. */
import type { Resource, Source } from "./resource.ts";

/** Epochs count events of the stream; they order changes across types. */
export interface Waiting {
  /** First change that the client has not taken. */
  since: number;
  /** Last change. */
  last: number;
  /** A client cannot use what names it before this has been taken: endpoints of a new or modified cluster. */
  required: boolean;
  /** Content as of epoch `captured`: sent when what it depends on is there, though newer content has to wait. */
  resource: Resource | undefined;
  captured: number;
  /** First change after the capture. */
  later: number | undefined;
}

export class WaitingNames {
  readonly #source: Source;
  readonly #entries = new Map<string, Waiting>();

  constructor(source: Source) {
    this.#source = source;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  delete(name: string): boolean {
    return this.#entries.delete(name);
  }

  keys(): Iterable<string> {
    return this.#entries.keys();
  }

  [Symbol.iterator](): Iterator<[string, Waiting]> {
    return this.#entries[Symbol.iterator]();
  }

  /** Notes a change. The older capture stays, so that a name that changes without end is still sent now and then. */
  touch(name: string, epoch: number, required: boolean): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      this.put(name, required ? 0 : epoch, epoch, required);
      return;
    }
    entry.last = epoch;
    entry.required ||= required;
    if (required) entry.since = 0;
    if (entry.resource === undefined) {
      entry.resource = this.#source.get(name);
      entry.captured = epoch;
    } else entry.later ??= epoch;
  }

  put(name: string, since: number, epoch: number, required: boolean): void {
    const resource = this.#source.get(name);
    this.#entries.set(name, { since, last: epoch, required, resource, captured: epoch, later: undefined });
  }

  /** The first change; of additions only, or of required names only, if asked. Infinity when there is none. */
  oldest(addsOnly: boolean, requiredOnly: boolean): number {
    let oldest = Infinity;
    for (const [name, entry] of this.#entries) {
      if (entry.since >= oldest || (requiredOnly && !entry.required)) continue;
      if (!addsOnly || this.#source.get(name) !== undefined) oldest = entry.since;
    }
    return oldest;
  }
}
