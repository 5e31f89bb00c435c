/** The service map in the kernel: its maps by what they are for. What is written here is seen at once. */
import { BpfMap } from "../kernel/bpf-map.ts";
import { MapType, MMAPABLE } from "../kernel/abi.ts";
import { gracePeriod } from "../kernel/grace.ts";
import { checked, libbpf } from "../kernel/libbpf.ts";
import { decode } from "../layout/codec.ts";
import {
  Backend,
  BackendKey,
  Counters,
  FrontendKey,
  HEAD_GENERATION_SHIFT,
  HEAD_SEGMENT_SHIFT,
  Owner,
  SEGMENT_SIZE,
  UNIT_SIZE,
} from "../layout/generated.ts";
import type { Extent } from "./free-space.ts";
import { MAX_SLOTS } from "./frontend.ts";

const U32 = 4;
const U64 = 8;
const UNIT_MASK = (1n << BigInt(HEAD_SEGMENT_SHIFT)) - 1n;

/** Where an image lies, by its head. */
export interface Head {
  readonly segment: number;
  readonly unit: number;
  readonly generation: number;
}

interface Segment {
  readonly map: BpfMap;
  readonly bytes: Uint8Array;
}

export class ServiceMaps {
  readonly frontends: BpfMap;
  readonly backends: BpfMap;
  readonly health: BigUint64Array;
  readonly owner: BigUint64Array;
  readonly #heads: BigUint64Array;
  readonly #segments: Segment[] = [];
  readonly #segmentMap: BpfMap;
  readonly #counters: BpfMap;

  /** Throws when a map is not what this agent was built for. */
  constructor(map: (name: string) => BpfMap) {
    this.frontends = map("frontends").expect(FrontendKey, U64);
    this.backends = map("backends").expect(BackendKey, Backend);
    this.health = new BigUint64Array(map("health").expect(U32, U64).memory());
    this.owner = new BigUint64Array(map("owner").expect(U32, Owner).memory());
    const heads = map("heads").expect(U32, U64);
    this.#heads = new BigUint64Array(heads.memory(), 0, Math.min(heads.facts.maxEntries, MAX_SLOTS));
    this.#segmentMap = map("segments").expect(U32, U32);
    this.#counters = map("counters").expect(U32, Counters);
    this.#openSegments();
  }

  /** Slots from 1 to one below this. */
  get slotLimit(): number {
    return this.#heads.length;
  }

  get segments(): number {
    return this.#segments.length;
  }

  get segmentLimit(): number {
    return this.#segmentMap.facts.maxEntries;
  }

  /** Of all CPUs together. */
  counters(): Record<keyof Counters, bigint> {
    const all = this.#counters.lookup(new Uint8Array(U32))!;
    const sums: Partial<Record<keyof Counters, bigint>> = {};
    for (let at = 0; at < all.length; at += Counters.size) {
      const one = decode(Counters, all.subarray(at, at + Counters.size));
      for (const [name, value] of Object.entries(one) as [keyof Counters, bigint][])
        sums[name] = (sums[name] ?? 0n) + value;
    }
    return sums as Record<keyof Counters, bigint>;
  }

  /** Makes room for more images. Throws `SystemError`. */
  async addSegment(): Promise<void> {
    const map = BpfMap.create({
      type: MapType.ARRAY,
      name: "segment",
      keySize: U32,
      valueSize: SEGMENT_SIZE,
      maxEntries: 1,
      flags: MMAPABLE,
    });
    await this.#segmentMap.updateAside(word(this.#segments.length), word(map.fd));
    this.#addSegment(map);
  }

  head(slot: number): Head | undefined {
    if (slot >= this.slotLimit) return undefined;
    const value = Atomics.load(this.#heads, slot);
    if (value === 0n) return undefined;
    return {
      unit: Number(value & UNIT_MASK),
      segment: Number((value >> BigInt(HEAD_SEGMENT_SHIFT)) & 0xffn),
      generation: Number(value >> BigInt(HEAD_GENERATION_SHIFT)),
    };
  }

  /** Publishes an image: the one store by which everything of a service changes at once. */
  setHead(slot: number, { segment, unit }: Extent, generation: number): void {
    const at = BigInt(unit) | (BigInt(segment) << BigInt(HEAD_SEGMENT_SHIFT));
    Atomics.store(this.#heads, slot, at | (BigInt(generation) << BigInt(HEAD_GENERATION_SHIFT)));
  }

  clearHead(slot: number): void {
    Atomics.store(this.#heads, slot, 0n);
  }

  /** Shared with the programs: only for writing while nothing leads there. `undefined` where there is no memory. */
  image({ segment, unit, units }: Extent): Uint8Array | undefined {
    const bytes = this.#segments[segment]?.bytes;
    const end = (unit + units) * UNIT_SIZE;
    return bytes === undefined || end > bytes.length ? undefined : bytes.subarray(unit * UNIT_SIZE, end);
  }

  /** Resolves when no program reads what was unpublished before the call. Throws `SystemError`. */
  async grace(): Promise<void> {
    const [first] = this.#segments;
    if (first !== undefined) await gracePeriod(this.#segmentMap, 0, first.map);
  }

  /** A map of maps is written with descriptors and read as ids. */
  #openSegments(): void {
    for (let index = 0; index < this.segmentLimit; index++) {
      const value = this.#segmentMap.lookup(word(index));
      if (value === undefined) return;
      const id = new DataView(value.buffer).getUint32(0, true);
      const fd = checked(`open segment ${index}, map ${id}`, libbpf.descriptorOfMapId(id));
      this.#addSegment(new BpfMap("segment", fd));
    }
  }

  #addSegment(map: BpfMap): void {
    const bytes = new Uint8Array(map.expect(U32, SEGMENT_SIZE).memory());
    this.#segments.push({ map, bytes });
  }
}

function word(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
