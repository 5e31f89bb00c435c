/**
 * Writes that wait until the world has opened. Objects of the same name in several clusters then enter together, so
 * that what is derived from all of them is derived once.
 */
export class HeldWrites {
  /** The writes of each row in their order, by its key `<cluster>/<namespace>/<name>`. */
  readonly #writes = new Map<string, (() => void)[]>();
  readonly #afterwards: (() => void)[] = [];

  hold(key: string, run: () => void): void {
    const earlier = this.#writes.get(key);
    if (earlier === undefined) this.#writes.set(key, [run]);
    else earlier.push(run);
  }

  /** Runs when all rows that are held by then have been written. */
  afterwards(run: () => void): void {
    this.#afterwards.push(run);
  }

  /** Everything that is held, in the order in which to write it. */
  release(): (() => void)[] {
    const named = [...this.#writes].map(([key, runs]) => ({ name: key.slice(key.indexOf("/") + 1), runs }));
    named.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    this.#writes.clear();
    return [...named.flatMap(({ runs }) => runs), ...this.#afterwards.splice(0)];
  }
}
