/**
 * Names that are neither sent nor removed: too little is known of them, or they are in use. The client keeps what it
 * holds.
 */
import { Epochs } from "./epochs.ts";

export class Withheld {
  readonly #since = new Map<string, number>();
  readonly #epochs = new Epochs();

  get size(): number {
    return this.#since.size;
  }

  has(name: string): boolean {
    return this.#since.has(name);
  }

  /** The first change that was withheld. */
  since(name: string): number | undefined {
    return this.#since.get(name);
  }

  add(name: string, since: number): void {
    this.delete(name);
    this.#since.set(name, since);
    this.#epochs.add(since);
  }

  delete(name: string): void {
    const since = this.#since.get(name);
    if (since === undefined) return;
    this.#since.delete(name);
    this.#epochs.delete(since);
  }

  names(): Iterable<string> {
    return this.#since.keys();
  }

  /** Infinity when there is none. */
  get oldest(): number {
    return this.#epochs.oldest;
  }
}
