/**
 * Whether the client has asked for the route tables of the scopes that it was given. It asks once it has taken the
 * scopes: until then nothing else tells that a listener would be without them. If it does not ask, or does not any
 * more, no listener of its uses scopes. A scope and its table have the same name, which no listener names itself.
 */
import { Epochs } from "./epochs.ts";

interface Awaited {
  readonly since: number;
  readonly sentAt: number;
  /** Listeners were taken since it was sent. */
  readonly outrun: boolean;
}

export class ScopeTables {
  readonly #patienceMs: number;
  /** The scope that was sent first comes first. */
  readonly #awaited = new Map<string, Awaited>();
  readonly #since = new Epochs();
  readonly #unused = new Set<string>();

  /** Within `patienceMs` a client that uses scopes asks. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  get size(): number {
    return this.#awaited.size + this.#unused.size;
  }

  /** A scope was sent at `sentAt`, whose first change that the client had not taken was at `since`. */
  sent(name: string, since: number, sentAt: number): void {
    // Who does not use the others does not use this one.
    if (this.#unused.size > 0) return this.drop(name);
    const first = Math.min(since, this.forget(name) ?? Infinity);
    this.#awaited.set(name, { since: first, sentAt, outrun: false });
    this.#since.add(first);
  }

  /** The client has the scope, and does not ask for its table. */
  drop(name: string): void {
    this.forget(name);
    this.#unused.add(name);
  }

  /** The table was asked for, or the scope is gone. Gives the change of the scope with which the table was awaited. */
  forget(name: string): number | undefined {
    this.#unused.delete(name);
    const since = this.#awaited.get(name)?.since;
    if (since === undefined) return undefined;
    this.#awaited.delete(name);
    this.#since.delete(since);
    return since;
  }

  /** The client took listeners. Gives the scopes that these would not get of themselves. */
  listened(): Iterable<string> {
    for (const [name, awaited] of this.#awaited) this.#awaited.set(name, { ...awaited, outrun: true });
    return this.#unused;
  }

  /** Waits no longer for tables that were not asked for in time. Gives the scopes that came before a listener. */
  expire(now: number): string[] {
    const outrun: string[] = [];
    for (const [name, awaited] of this.#awaited) {
      if (now < awaited.sentAt + this.#patienceMs) break;
      this.drop(name);
      if (awaited.outrun) outrun.push(name);
    }
    return outrun;
  }

  /** When the first is not awaited any longer. */
  get expiresAt(): number | undefined {
    for (const { sentAt } of this.#awaited.values()) return sentAt + this.#patienceMs;
    return undefined;
  }

  /** The first change of a scope whose table is awaited. Infinity when there is none. */
  get oldest(): number {
    return this.#since.oldest;
  }
}
