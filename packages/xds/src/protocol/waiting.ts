/** Names to look at again: a set, so changes coalesce and nothing can overflow. */
import { Epochs } from "./epochs.ts";
import type { Resource } from "./resource.ts";

/**
 * What there is to say. `add`: a resource that the client may not hold, or once more what it holds. `replace`: another
 * version. `remove`: it is gone, but the client may use it. `answer`: it does not exist, and nobody uses it.
 */
export type Kind = "answer" | "add" | "replace" | "remove";

export interface Waiting {
  readonly kind: Kind;
  /** First change that the client has not taken. */
  readonly since: number;
  /** Last change. */
  readonly last: number;
  /** Content as of epoch `captured`: sent when what it depends on is there, though newer content has to wait. */
  readonly resource: Resource | undefined;
  readonly captured: number;
  /** First change after the capture. */
  readonly later: number | undefined;
}

/** Epochs before which changes may be said. */
export interface Bounds {
  readonly adds: number;
  readonly replacements: number;
  readonly removals: number;
  /** Content captured before this names what has gone without ever being sent. */
  readonly stale: number;
}

class Line {
  readonly entries = new Map<string, Waiting>();
  readonly since = new Epochs();
}

export class WaitingNames {
  // Content is ordered by its capture, a removal by its last change: what may be said is at the front.
  readonly #lines: Readonly<Record<Kind, Line>> = {
    answer: new Line(),
    add: new Line(),
    replace: new Line(),
    remove: new Line(),
  };
  #size = 0;

  get size(): number {
    return this.#size;
  }

  count(kind: Kind): number {
    return this.#lines[kind].entries.size;
  }

  /** Removals whose last change was at `from` or later, and before `before`. */
  removals(from: number, before: number): number {
    if (from >= before) return 0;
    let count = 0;
    for (const { last } of this.#lines.remove.entries.values()) if (last >= from && last < before) count++;
    return count;
  }

  get(name: string): Waiting | undefined {
    const { answer, add, replace, remove } = this.#lines;
    return add.entries.get(name) ?? replace.entries.get(name) ?? remove.entries.get(name) ?? answer.entries.get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  delete(name: string): boolean {
    const entry = this.get(name);
    if (entry === undefined) return false;
    const line = this.#lines[entry.kind];
    line.entries.delete(name);
    line.since.delete(entry.since);
    this.#size--;
    return true;
  }

  *keys(): Iterable<string> {
    for (const { entries } of Object.values(this.#lines)) yield* entries.keys();
  }

  /**
   * Notes a change, at `since` if it is the first one: `resource` is what there is now. An older capture stays, so that
   * a name that changes without end is still sent now and then.
   */
  touch(name: string, kind: Kind, resource: Resource | undefined, since: number, epoch: number): void {
    const entry = this.get(name);
    if (entry === undefined || entry.kind !== kind || entry.resource === undefined) {
      this.put(name, kind, resource, entry?.since ?? since, epoch);
      return;
    }
    this.#lines[kind].entries.set(name, { ...entry, last: epoch, later: entry.later ?? epoch });
  }

  /** Puts a name at the end with what there is now; its first change was at `since`. */
  put(name: string, kind: Kind, resource: Resource | undefined, since: number, epoch: number): void {
    this.delete(name);
    const line = this.#lines[kind];
    line.entries.set(name, { kind, since, last: epoch, resource, captured: epoch, later: undefined });
    line.since.add(since);
    this.#size++;
  }

  /** Those of a kind that the bounds let pass. Names may be deleted and put again meanwhile. */
  *ready(kind: Kind, bounds: Bounds): Iterable<[string, Waiting]> {
    for (const [name, entry] of this.#lines[kind].entries) {
      if (kind === "remove" ? entry.last >= bounds.removals : entry.captured >= contentBound(kind, bounds)) return;
      yield [name, entry];
    }
  }

  /** Those of a kind among some names, whatever the bounds. */
  *among(kind: Kind, names: ReadonlySet<string>): Iterable<[string, Waiting]> {
    for (const name of names) {
      const entry = this.#lines[kind].entries.get(name);
      if (entry !== undefined) yield [name, entry];
    }
  }

  /** The first change of a kind. Infinity when there is none. */
  oldest(kind: Kind): number {
    return this.#lines[kind].since.oldest;
  }
}

/** Before which epoch content of a kind may be said; an answer to who holds nothing always. */
export function contentBound(kind: Kind, bounds: Bounds): number {
  if (kind === "answer") return Infinity;
  return kind === "replace" ? bounds.replacements : bounds.adds;
}
