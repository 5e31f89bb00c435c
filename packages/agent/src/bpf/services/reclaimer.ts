/** Slots and memory that nothing leads to any more, until the last program that may have seen them has ended. */
import type { Extent, FreeSpace } from "./free-space.ts";
import type { Ownership } from "./ownership.ts";
import type { Published } from "./published.ts";
import type { ServiceMaps } from "./service-maps.ts";

export class Reclaimer {
  readonly #maps: ServiceMaps;
  readonly #owner: Ownership;
  readonly #published: Published;
  readonly #space: FreeSpace;
  #extents: Extent[] = [];
  #slots: number[] = [];
  #running: Promise<void> | undefined;

  constructor(maps: ServiceMaps, owner: Ownership, published: Published, space: FreeSpace) {
    this.#maps = maps;
    this.#owner = owner;
    this.#published = published;
    this.#space = space;
  }

  retireExtent(extent: Extent): void {
    this.#extents.push(extent);
  }

  /** No frontend leads there since a moment ago. */
  retireSlot(slot: number): void {
    this.#slots.push(slot);
  }

  get isIdle(): boolean {
    return this.#running === undefined && this.#extents.length === 0 && this.#slots.length === 0;
  }

  /**
   * Frees what was retired before the call: one grace period for all of it. What is retired meanwhile waits for the
   * next. Throws `FencedError`, `SystemError`; what was retired stays so.
   */
  async run(): Promise<void> {
    // The period that runs may have begun before the last of it was retired.
    while (this.#running !== undefined) await this.#running;
    if (this.isIdle) return;
    this.#running = this.#reclaim().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  async #reclaim(): Promise<void> {
    const extents = this.#extents;
    const slots = this.#slots;
    this.#extents = [];
    this.#slots = [];
    try {
      await this.#maps.grace();
      this.#owner.check();
    } catch (error) {
      this.#extents.push(...extents);
      this.#slots.push(...slots);
      throw error;
    }
    for (const slot of slots) {
      this.#maps.clearHead(slot);
      this.#published.freeSlot(slot);
    }
    for (const extent of extents) this.#space.free(extent);
  }
}
