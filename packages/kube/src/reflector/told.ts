/**
 * What the sink has been told: the version of each object, and nothing else of it. A list is compared with it, so that
 * only differences are told.
 */
export class Told {
  readonly #versions = new Map<string, string>();
  /** Keys that the list in progress has not shown yet; undefined while no list is in progress. */
  #unseen: Set<string> | undefined;

  get size(): number {
    return this.#versions.size;
  }

  has(key: string): boolean {
    return this.#versions.has(key);
  }

  version(key: string): string | undefined {
    return this.#versions.get(key);
  }

  put(key: string, version: string): void {
    this.#versions.set(key, version);
  }

  remove(key: string): void {
    this.#versions.delete(key);
    this.#unseen?.delete(key);
  }

  /** Every key is unseen from now on; a list that was in progress is forgotten. */
  beginList(): void {
    this.#unseen = new Set(this.#versions.keys());
  }

  /** Says that the list shows the key; false if it has shown it before. */
  see(key: string): boolean {
    return this.#unseen?.delete(key) === true || !this.#versions.has(key);
  }

  /** The list is complete: gives the keys that it did not show. */
  endList(): string[] {
    const gone = [...(this.#unseen ?? [])];
    this.#unseen = undefined;
    return gone;
  }
}
