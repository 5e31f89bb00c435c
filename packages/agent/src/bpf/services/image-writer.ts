/** Images on their way into the kernel: written where nobody looks, then published by one store. */
import { UNIT_SIZE } from "../layout/generated.ts";
import type { Extent, FreeSpace } from "./free-space.ts";
import { restamp } from "./image.ts";
import type { Ownership } from "./ownership.ts";
import type { Slot } from "./published.ts";
import type { Reclaimer } from "./reclaimer.ts";
import type { ServiceMaps } from "./service-maps.ts";

/** An image that waits for its publication. */
export interface Publication {
  readonly slot: Slot;
  readonly extent: Extent;
  readonly generation: number;
}

export class ImageWriter {
  readonly #maps: ServiceMaps;
  readonly #owner: Ownership;
  readonly #space: FreeSpace;
  readonly #reclaimer: Reclaimer;

  constructor(maps: ServiceMaps, owner: Ownership, space: FreeSpace, reclaimer: Reclaimer) {
    this.#maps = maps;
    this.#owner = owner;
    this.#space = space;
    this.#reclaimer = reclaimer;
  }

  /** `bytes` were encoded with the generation of the image that is published. */
  isPublished({ image }: Slot, bytes: Uint8Array): boolean {
    if (image === undefined || image.extent.units * UNIT_SIZE !== bytes.length) return false;
    return Buffer.compare(this.#maps.image(image.extent)!, bytes) === 0;
  }

  /** Gives the image a generation of its own. `undefined` when there is no room. Throws `FencedError`, `SystemError`. */
  async write(slot: Slot, bytes: Uint8Array): Promise<Publication | undefined> {
    const extent = await this.#allocate(bytes.length / UNIT_SIZE);
    if (extent === undefined) return undefined;
    const generation = this.#owner.nextGeneration();
    restamp(bytes, generation);
    this.#maps.image(extent)!.set(bytes);
    return { slot, extent, generation };
  }

  publish({ slot, extent, generation }: Publication): void {
    this.#maps.setHead(slot.slot, extent, generation);
    if (slot.image !== undefined) this.#reclaimer.retireExtent(slot.image.extent);
    slot.image = { extent, generation };
  }

  /** Nobody has seen it. */
  discard({ extent }: Publication): void {
    this.#space.free(extent);
  }

  /** Memory that is about to be free is waited for before more is made. */
  async #allocate(units: number): Promise<Extent | undefined> {
    for (;;) {
      const extent = this.#space.allocate(units);
      if (extent !== undefined) return extent;
      if (!this.#reclaimer.isIdle) await this.#reclaimer.run();
      else if (this.#maps.segments < this.#maps.segmentLimit) {
        await this.#maps.addSegment();
        this.#space.addSegment();
      } else return undefined;
      this.#owner.check();
    }
  }
}
