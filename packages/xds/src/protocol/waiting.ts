/** Names to look at again: a set, so changes coalesce and nothing can overflow. */
import { isHeld, mayBeHeld } from "./belief.ts";
import type { Belief } from "./belief.ts";
import { Epochs } from "./epochs.ts";
import type { Resource } from "./resource.ts";

/**
 * What there is to say. `add`: a resource that the client does not hold for certain. `replace`: another version.
 * `remove`: it is gone, but the client may hold it. `answer`: it does not exist, and the client holds nothing.
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
  readonly removals: number;
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
   * Notes a change: `resource` is what there is now, `have` what the client is believed to hold. An older capture stays,
   * so that a name that changes without end is still sent now and then.
   */
  touch(name: string, resource: Resource | undefined, have: Belief, epoch: number): void {
    const entry = this.get(name);
    if (entry === undefined) this.put(name, resource, have, epoch, epoch);
    else if (entry.resource === undefined || resource === undefined) {
      this.delete(name);
      this.put(name, resource, have, entry.since, epoch);
    } else {
      const later = entry.later ?? epoch;
      this.#lines[entry.kind].entries.set(name, { ...entry, last: epoch, later });
    }
  }

  /** Puts a name at the end with what there is now; its first change was at `since`. */
  put(name: string, resource: Resource | undefined, have: Belief, since: number, epoch: number): void {
    this.delete(name);
    const kind = kindOf(resource, have);
    const line = this.#lines[kind];
    line.entries.set(name, { kind, since, last: epoch, resource, captured: epoch, later: undefined });
    line.since.add(since);
    this.#size++;
  }

  /** Those of a kind that the bounds let pass. Names may be deleted and put again meanwhile. */
  *ready(kind: Kind, bounds: Bounds): Iterable<[string, Waiting]> {
    for (const [name, entry] of this.#lines[kind].entries) {
      if (kind === "remove" ? entry.last >= bounds.removals : kind !== "answer" && entry.captured >= bounds.adds)
        return;
      yield [name, entry];
    }
  }

  /** The first change of a kind. Infinity when there is none. */
  oldest(kind: Kind): number {
    return this.#lines[kind].since.oldest;
  }
}

function kindOf(resource: Resource | undefined, have: Belief): Kind {
  if (resource !== undefined) return isHeld(have) ? "replace" : "add";
  return mayBeHeld(have) ? "remove" : "answer";
}
