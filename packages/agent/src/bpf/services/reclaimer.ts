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
  readonly #freed: () => void;
  /** One loop at a time, however many wait for it. */
  #running: Promise<void> | undefined;

  /** `freed` is called after each time that something became free. */
  constructor(maps: ServiceMaps, owner: Ownership, published: Published, space: FreeSpace, freed: () => void) {
    this.#maps = maps;
    this.#owner = owner;
    this.#published = published;
    this.#space = space;
    this.#freed = freed;
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

  /** Frees what is retired until nothing is. A failure keeps it, and is told by the next `run`. */
  start(): void {
    if (this.#running === undefined && !this.isIdle) this.run().catch(() => {});
  }

  /** Resolves when all that was retired is free. Throws `FencedError`, `SystemError`; what was retired stays so. */
  async run(): Promise<void> {
    while (!this.isIdle) {
      this.#running ??= this.#reclaimAll();
      await this.#running;
    }
  }

  /** What is retired while a grace period runs waits for the next one: it may have begun before. */
  async #reclaimAll(): Promise<void> {
    try {
      while (this.#extents.length + this.#slots.length > 0) await this.#reclaim();
    } finally {
      // In the same turn as the last look at what is retired.
      this.#running = undefined;
    }
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
    this.#freed();
  }
}
