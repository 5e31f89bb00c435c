/** What a client holds of one type, as far as its answers tell. */
import { ABSENT, MAYBE } from "./belief.ts";
import type { Belief } from "./belief.ts";

export class Holdings {
  readonly #held = new Map<string, string>();
  readonly #absent = new Set<string>();
  /** Held, but taken from a refused response: the client will not report it. */
  readonly #unreported = new Set<string>();
  /** Held since before this stream, in a version that the client reported. */
  readonly #reported = new Set<string>();

  /** Names of which the client may hold a version. */
  get size(): number {
    return this.#held.size;
  }

  /** Everything that is remembered. */
  get entries(): number {
    return this.#held.size + this.#absent.size + this.#reported.size + this.#unreported.size;
  }

  get(name: string): Belief {
    return this.#held.get(name) ?? (this.#absent.has(name) ? ABSENT : undefined);
  }

  set(name: string, belief: Belief): void {
    if (typeof belief === "string") this.#held.set(name, belief);
    else this.#held.delete(name);
    if (belief === ABSENT) this.#absent.add(name);
    else this.#absent.delete(name);
  }

  report(name: string, version: string): void {
    this.set(name, version);
    this.#reported.add(name);
  }

  /** Whether the client holds what an earlier stream gave it. */
  isReported(name: string): boolean {
    return this.#reported.has(name);
  }

  /** The client uses a version that it will not report unless it gets it again. */
  use(name: string, version: string): void {
    this.set(name, version);
    this.#unreported.add(name);
  }

  isUnreported(name: string): boolean {
    return this.#unreported.has(name);
  }

  /** The client holds what this stream says of the name. */
  accept(name: string, belief: Belief): void {
    this.set(name, belief);
    this.#reported.delete(name);
    this.#unreported.delete(name);
  }

  delete(name: string): void {
    this.accept(name, undefined);
  }

  *keys(): Iterable<string> {
    yield* this.#held.keys();
    yield* this.#absent;
  }

  *uncertain(): Iterable<string> {
    for (const [name, version] of this.#held) if (version === MAYBE || this.#unreported.has(name)) yield name;
  }
}
