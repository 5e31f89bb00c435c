/** What clients may hold without being able to report it when they come back: bounded, the oldest is forgotten. */
import type { TypeUrl } from "../protocol/index.ts";

export type Names = ReadonlyMap<TypeUrl, readonly string[]>;

export class Leftovers {
  readonly #limit: number;
  /** In the order of the last change. */
  readonly #byPeer = new Map<string, Map<TypeUrl, readonly string[]>>();
  #names = 0;

  /** `limit`: names over all peers. Forgetting one costs only that a refused resource's siblings may stay in a client. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get names(): number {
    return this.#names;
  }

  of(peer: string): Names {
    return this.#byPeer.get(peer) ?? new Map<TypeUrl, readonly string[]>();
  }

  /**
   * A stream of the peer ended. What it said of the types that it spoke of replaces what was kept of them; the other
   * types stay as they were.
   */
  keep(peer: string, spoken: Iterable<TypeUrl>, left: Names): void {
    const kept = new Map(this.#byPeer.get(peer));
    this.#forget(peer);
    for (const type of spoken) kept.delete(type);
    for (const [type, names] of left) kept.set(type, names);
    if (kept.size === 0) return;
    this.#byPeer.set(peer, kept);
    this.#names += count(kept);
    for (const oldest of this.#byPeer.keys()) {
      if (this.#names <= this.#limit) break;
      this.#forget(oldest);
    }
  }

  #forget(peer: string): void {
    const kept = this.#byPeer.get(peer);
    if (kept === undefined) return;
    this.#byPeer.delete(peer);
    this.#names -= count(kept);
  }
}

function count(names: Names): number {
  let total = 0;
  for (const list of names.values()) total += list.length;
  return total;
}
