/** What a client holds of one type, as far as its answers tell. */
import { ABSENT, MAYBE } from "./belief.ts";
import type { Belief } from "./belief.ts";
import type { Resource } from "./resource.ts";

export class Holdings {
  /** Versions, or resources where they have to be at hand once more. */
  readonly #held = new Map<string, string | Resource>();
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
    const held = this.#held.get(name);
    if (held === undefined) return this.#absent.has(name) ? ABSENT : undefined;
    return typeof held === "string" ? held : held.version;
  }

  /** The resource that the client holds, if it is remembered. */
  last(name: string): Resource | undefined {
    const held = this.#held.get(name);
    return typeof held === "string" ? undefined : held;
  }

  set(name: string, belief: Belief | Resource): void {
    if (belief === undefined || belief === ABSENT) this.#held.delete(name);
    else this.#held.set(name, belief);
    if (belief === ABSENT) this.#absent.add(name);
    else this.#absent.delete(name);
  }

  report(name: string, held: string | Resource): void {
    this.set(name, held);
    this.#reported.add(name);
  }

  /** Whether the client holds what an earlier stream gave it. */
  isReported(name: string): boolean {
    return this.#reported.has(name);
  }

  /** The client uses a version that it will not report unless it gets it again. */
  use(name: string, held: string | Resource): void {
    this.set(name, held);
    this.#unreported.add(name);
  }

  isUnreported(name: string): boolean {
    return this.#unreported.has(name);
  }

  /** The client holds what this stream says of the name. */
  accept(name: string, belief: Belief | Resource): void {
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
    for (const [name, held] of this.#held) if (held === MAYBE || this.#unreported.has(name)) yield name;
  }
}
