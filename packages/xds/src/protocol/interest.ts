/** What a client asked for: names, everything, or both. */
import { LimitError } from "./message.ts";
import type { Limits } from "./message.ts";

export class Interest {
  readonly #limits: Limits;
  readonly #named = new Set<string>();
  /** All names, by `*` or by a first request without names. */
  wildcard = false;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#named.size;
  }

  /** Throws `LimitError`. */
  add(name: string): void {
    this.#named.add(name);
    const { names } = this.#limits;
    if (this.#named.size > names) throw new LimitError(`more than ${names} names subscribed to`);
  }

  delete(name: string): boolean {
    return this.#named.delete(name);
  }

  isNamed(name: string): boolean {
    return this.#named.has(name);
  }

  names(): Iterable<string> {
    return this.#named;
  }

  wants(name: string): boolean {
    return this.wildcard || this.#named.has(name);
  }

  /** Throws `LimitError`. */
  checkNames(names: readonly string[]): void {
    const { nameLength } = this.#limits;
    for (const name of names) {
      if (name.length > nameLength) {
        throw new LimitError(`a name of ${name.length} characters; at most ${nameLength} are taken`);
      }
    }
  }
}
