/** Versions that a client refused when they travelled alone. They are not sent again until they change. */
import { mayBeHeld } from "./belief.ts";
import { Epochs } from "./epochs.ts";
import type { Sent } from "./flights.ts";
import type { Rejection } from "./message.ts";

/** In place of a version: the client refused a removal. */
export const REMOVAL = "(removal)";

export class Refusals {
  readonly #parked = new Map<string, { readonly rejection: Rejection; readonly keptSince: number | undefined }>();
  readonly #kept = new Epochs();

  get size(): number {
    return this.#parked.size;
  }

  /** The refused version. */
  version(name: string): string | undefined {
    return this.#parked.get(name)?.rejection.version;
  }

  park(name: string, { resource, since, before }: Sent, message: string): void {
    const earlier = this.#parked.get(name)?.keptSince ?? Infinity;
    this.delete(name);
    // What it held before the first refusal, it still holds after the next.
    const keptSince = mayBeHeld(before) ? Math.min(since, earlier) : undefined;
    this.#parked.set(name, { rejection: { name, version: resource?.version ?? REMOVAL, message }, keptSince });
    if (keptSince !== undefined) this.#kept.add(keptSince);
  }

  delete(name: string): boolean {
    const keptSince = this.#parked.get(name)?.keptSince;
    if (keptSince !== undefined) this.#kept.delete(keptSince);
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
