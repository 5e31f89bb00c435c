/** The last changes of one resource: a ring of a fixed number of events, addressed by ever-growing positions. */
import type { WatchEvent } from "./entry.ts";

export class History {
  readonly #capacity: number;
  #events: WatchEvent[] = [];
  #first = 0;
  #next = 0;
  #forgotten: number;

  /** `version` is the one from which changes will be known. */
  constructor(capacity: number, version = 0) {
    this.#capacity = capacity;
    this.#forgotten = version;
  }

  /** Position of the oldest event that is known. */
  get first(): number {
    return this.#first;
  }

  /** Position that the next event will get. */
  get next(): number {
    return this.#next;
  }

  /** Changes up to this version are not all known: a watch must start at it or later. */
  get forgotten(): number {
    return this.#forgotten;
  }

  push(event: WatchEvent): void {
    if (this.#next - this.#first === this.#capacity) {
      this.#forgotten = this.at(this.#first).version;
      this.#first += 1;
    }
    this.#events[this.#next % this.#capacity] = event;
    this.#next += 1;
  }

  at(position: number): WatchEvent {
    return this.#events[position % this.#capacity]!;
  }

  /** Position of the first event after `version`. */
  after(version: number): number {
    let low = this.#first;
    let high = this.#next;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle).version > version) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Forgets everything up to `version`, which is the newest one. */
  forget(version: number): void {
    this.#events = [];
    this.#first = this.#next;
    this.#forgotten = version;
  }
}
