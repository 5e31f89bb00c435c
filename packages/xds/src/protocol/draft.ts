/** A response in the making, and what it says about each name. */
import type { Belief } from "./belief.ts";
import type { Remedy, Sent } from "./flights.ts";
import type { Resource } from "./resource.ts";

export interface Batch {
  readonly nonce: string;
  readonly resources: readonly Resource[];
  readonly removed: readonly string[];
}

export class Draft {
  readonly resources: Resource[] = [];
  readonly removed: string[] = [];
  readonly sent = new Map<string, Sent>();
  readonly #limit: number;
  #bytes = 0;

  /** At most `limit` bytes, or one resource. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get empty(): boolean {
    return this.sent.size === 0;
  }

  /** False when it does not fit any more. */
  add(name: string, resource: Resource | undefined, since: number, before: Belief, remedy?: Remedy): boolean {
    const bytes = name.length + (resource === undefined ? 0 : resource.body.length);
    if (!this.empty && this.#bytes + bytes > this.#limit) return false;
    this.#bytes += bytes;
    this.sent.set(name, { resource, since, before, remedy });
    if (resource === undefined) this.removed.push(name);
    else this.resources.push(resource);
    return true;
  }
}
