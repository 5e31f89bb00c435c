/** A map in the kernel. Sizes come from the kernel, and each buffer is checked against them before its address is given away. */
import { closeSync } from "node:fs";
import koffi from "koffi";
import { SystemError } from "../../sys/system-error.ts";
import { type Codec } from "../layout/codec.ts";
import { MapCreateOptions, MapType, MMAPABLE } from "./abi.ts";
import { checked, libbpf } from "./libbpf.ts";
import { mapMemory } from "./memory.ts";
import { type MapFacts, mapFacts } from "./object-info.ts";

const E2BIG = 7;
const ENOENT = 2;
const ENOSPC = 28;
const PER_CPU: ReadonlySet<number> = new Set([MapType.PERCPU_HASH, MapType.PERCPU_ARRAY, MapType.LRU_PERCPU_HASH]);
/** Entries that are asked for at once: enough that the calls do not count, few enough for a buffer of some 100 KB. */
const BATCH = 1024;

export interface NewMap {
  readonly type: number;
  readonly name: string;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
}

export class BpfMap {
  readonly name: string;
  readonly fd: number;
  readonly facts: MapFacts;
  /** Of a value in user space: maps that are per CPU have one, in multiples of 8 bytes, for each. */
  readonly valueBytes: number;

  /** `fd` belongs to this object from now on. Throws `SystemError`. */
  constructor(name: string, fd: number) {
    this.name = name;
    this.fd = fd;
    this.facts = mapFacts(fd);
    const { type, valueSize } = this.facts;
    this.valueBytes = PER_CPU.has(type)
      ? Math.ceil(valueSize / 8) * 8 * checked("count the CPUs", libbpf.possibleCpus())
      : type === MapType.ARRAY_OF_MAPS
        ? 4
        : valueSize;
  }

  /** Throws `SystemError`. */
  static create(map: NewMap): BpfMap {
    const { type, name, keySize, valueSize, maxEntries, flags } = map;
    const options = { sz: koffi.sizeof(MapCreateOptions), map_flags: flags };
    const fd = libbpf.createMap(type, name, keySize, valueSize, maxEntries, options);
    return new BpfMap(name, checked(`create map ${name} of ${maxEntries} entries`, fd));
  }

  /** Throws when keys or values are not what the codecs encode: the programs were built from another layout. */
  expect(key: Codec<unknown> | number, value: Codec<unknown> | number): this {
    const { keySize, valueSize } = this.facts;
    const [wantedKey, wantedValue] = [key, value].map((codec) => (typeof codec === "number" ? codec : codec.size));
    if (keySize !== wantedKey || valueSize !== wantedValue)
      throw new Error(
        `map ${this.name} has keys of ${keySize} and values of ${valueSize} bytes, this agent expects ` +
          `${wantedKey} and ${wantedValue}; run the agent and the eBPF programs of one release`,
      );
    return this;
  }

  /** Throws `SystemError`, except when there is no such key. */
  lookup(key: Uint8Array): Uint8Array | undefined {
    const value = new Uint8Array(this.valueBytes);
    this.#check(key, this.facts.keySize, "key");
    const result = libbpf.lookup(this.fd, key, value);
    if (result === -ENOENT) return undefined;
    checked(`look up in map ${this.name}`, result);
    return value;
  }

  /** Throws `SystemError`; `E2BIG` when the map is full. */
  update(key: Uint8Array, value: Uint8Array): void {
    this.#check(key, this.facts.keySize, "key");
    this.#check(value, this.valueBytes, "value");
    checked(`update map ${this.name}`, libbpf.update(this.fd, key, value, 0));
  }

  /** As `update`, on a thread of its own: an update of a map of maps waits for a grace period. */
  updateAside(key: Uint8Array, value: Uint8Array): Promise<void> {
    this.#check(key, this.facts.keySize, "key");
    this.#check(value, this.valueBytes, "value");
    // Held until the call has ended: the other thread reads from them.
    const held = [key, value];
    return new Promise((resolve, reject) => {
      libbpf.update.async(this.fd, key, value, 0, (error, result) => {
        held.length = 0;
        if (error !== null) reject(error);
        else if (result < 0) reject(new SystemError(`update map ${this.name}`, result));
        else resolve();
      });
    });
  }

  /** Whether there was such a key. Throws `SystemError`. */
  delete(key: Uint8Array): boolean {
    this.#check(key, this.facts.keySize, "key");
    const result = libbpf.delete(this.fd, key);
    if (result === -ENOENT) return false;
    checked(`delete from map ${this.name}`, result);
    return true;
  }

  /**
   * Writes many entries and gives back the positions of those that did not fit (`E2BIG`). Throws `SystemError` on
   * anything else.
   */
  updateAll(entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[]): number[] {
    const { keySize } = this.facts;
    const refused: number[] = [];
    for (let at = 0; at < entries.length;) {
      const batch = entries.slice(at, at + BATCH);
      const keys = new Uint8Array(batch.length * keySize);
      const values = new Uint8Array(batch.length * this.valueBytes);
      for (const [index, [key, value]] of batch.entries()) {
        this.#check(key, keySize, "key");
        this.#check(value, this.valueBytes, "value");
        keys.set(key, index * keySize);
        values.set(value, index * this.valueBytes);
      }
      const done: [number] = [batch.length];
      const result = libbpf.updateBatch(this.fd, keys, values, done, null);
      if (result < 0 && result !== -E2BIG) checked(`update map ${this.name}`, result);
      at += done[0];
      // The batch ended at the entry that did not fit; those behind it may be updates of what is there.
      if (result < 0) refused.push(at++);
    }
    return refused;
  }

  /** Keys that are not there are passed over. Throws `SystemError`. */
  deleteAll(keys: readonly Uint8Array[]): void {
    const { keySize } = this.facts;
    for (let at = 0; at < keys.length;) {
      const batch = keys.slice(at, at + BATCH);
      const packed = new Uint8Array(batch.length * keySize);
      for (const [index, key] of batch.entries()) {
        this.#check(key, keySize, "key");
        packed.set(key, index * keySize);
      }
      const done: [number] = [batch.length];
      const result = libbpf.deleteBatch(this.fd, packed, done, null);
      if (result < 0 && result !== -ENOENT) checked(`delete from map ${this.name}`, result);
      at += done[0] + (result < 0 ? 1 : 0);
    }
  }

  /** All entries of a hash map, in no order. Throws `SystemError`. */
  *entries(): Generator<[key: Uint8Array, value: Uint8Array]> {
    const { keySize } = this.facts;
    // The kernel's position in a hash map has 4 bytes, elsewhere it is a key.
    const next = new Uint8Array(Math.max(8, keySize));
    let from: Uint8Array | null = null;
    for (let room = BATCH; ;) {
      const keys = new Uint8Array(room * keySize);
      const values = new Uint8Array(room * this.valueBytes);
      const count: [number] = [room];
      const result = libbpf.lookupBatch(this.fd, from, next, keys, values, count, null);
      // One bucket has more entries than there is room for.
      if (result === -ENOSPC) {
        room *= 2;
        continue;
      }
      if (result < 0 && result !== -ENOENT) checked(`read map ${this.name}`, result);
      for (let i = 0; i < count[0]; i++)
        yield [
          keys.slice(i * keySize, (i + 1) * keySize),
          values.slice(i * this.valueBytes, (i + 1) * this.valueBytes),
        ];
      if (result === -ENOENT) return;
      from = next.slice();
    }
  }

  /** Whether it is an array whose memory can be shared. */
  get isMapped(): boolean {
    return this.facts.type === MapType.ARRAY && (this.facts.flags & MMAPABLE) !== 0;
  }

  /** The values of an array that was made for it, shared with the kernel. Throws `SystemError`. */
  memory(): ArrayBuffer {
    const { valueSize, maxEntries } = this.facts;
    if (!this.isMapped) throw new Error(`map ${this.name} is no array that can be mapped`);
    return mapMemory(`map ${this.name}`, this.fd, Math.ceil(valueSize / 8) * 8 * maxEntries);
  }

  /** The map goes on when programs, pins or mapped memory hold it. */
  close(): void {
    closeSync(this.fd);
  }

  #check(bytes: Uint8Array, size: number, what: string): void {
    if (bytes.length !== size)
      throw new RangeError(`map ${this.name}: a ${what} has ${size} bytes, not ${bytes.length}`);
  }
}
