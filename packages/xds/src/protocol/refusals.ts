/** Versions that a client refused when they travelled alone. They are not sent again until they change. */
import { mayBeHeld } from "./belief.ts";
import { Epochs } from "./epochs.ts";
import type { Sent } from "./flights.ts";
import type { Rejection } from "./message.ts";

/** In place of a version: the client refused a removal. */
export const REMOVAL = "(removal)";

export class Refusals {
  readonly #parked = new Map<string, { readonly rejection: Rejection; readonly sent: Sent }>();
  readonly #kept = new Epochs();

  get size(): number {
    return this.#parked.size;
  }

  /** The refused version. */
  version(name: string): string | undefined {
    return this.#parked.get(name)?.rejection.version;
  }

  park(name: string, sent: Sent, message: string): void {
    this.delete(name);
    this.#parked.set(name, { rejection: { name, version: sent.version ?? REMOVAL, message }, sent });
    if (mayBeHeld(sent.before)) this.#kept.add(sent.since);
  }

  delete(name: string): boolean {
    const parked = this.#parked.get(name);
    if (parked === undefined) return false;
    if (mayBeHeld(parked.sent.before)) this.#kept.delete(parked.sent.since);
    return this.#parked.delete(name);
  }

  keys(): Iterable<string> {
    return this.#parked.keys();
  }

  /** The first refused change whose older version the client may still use, with all that it names. */
  get oldestKept(): number {
    return this.#kept.oldest;
  }

  list(): Rejection[] {
    return [...this.#parked.values()].map(({ rejection }) => rejection);
  }
}
