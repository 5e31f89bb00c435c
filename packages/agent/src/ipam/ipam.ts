/** The addresses of a node's pods: given, kept over restarts, taken back. */
import {
  addressNumber,
  type AddressRange,
  addressRange,
  addressText,
  type Family,
  IpamError,
  nextAddress,
} from "./address-range.ts";
import { type AttachmentKey, attachmentKey, type Lease, type Owner } from "./lease.ts";
import { LeaseFolder } from "./lease-folder.ts";

export interface IpamOptions {
  /** On a tmpfs, and of this node alone. */
  readonly folder: string;
  /** The node's pod CIDRs: one of IPv4, one of IPv6, or both. */
  readonly podCidrs: readonly string[];
  /** Addresses of each family that are given at most; an IPv6 CIDR would never end. */
  readonly maxPods?: number;
}

/** An interface of a container, and what it was given. */
export interface Attachment extends Lease {
  /** IPv4 first. */
  readonly addresses: readonly string[];
}

/** There is no address left. The message names the CIDR. */
export class ExhaustedError extends Error {
  override readonly name = "ExhaustedError";
}

/** More than a node runs by a factor of a hundred: what leaks is found before it fills the folder. */
const MAX_PODS = 16_384;

export class Ipam {
  readonly #folder: LeaseFolder;
  readonly #ranges: readonly AddressRange[];
  readonly #maxPods: number;
  readonly #leases: Map<string, Lease>;
  readonly #held = new Map<AttachmentKey, string[]>();
  /** Taken, but nobody knows by whom. */
  readonly #unknown: Set<string>;
  readonly #last = new Map<Family, bigint>();
  /** What is wrong in the folder, one sentence each. */
  readonly problems: readonly string[];

  /** Reads what was given before. Throws `IpamError`. */
  constructor({ folder, podCidrs, maxPods = MAX_PODS }: IpamOptions) {
    this.#ranges = readRanges(podCidrs);
    this.#maxPods = maxPods;
    this.#folder = new LeaseFolder(folder);
    const { leases, unknown, foreign } = this.#folder.read();
    this.#leases = new Map(leases);
    this.#unknown = new Set(unknown);
    for (const [address, { owner }] of leases) this.#hold(attachmentKey(owner), address);
    for (const { family } of this.#ranges) {
      const last = this.#folder.last(family);
      if (last !== undefined) this.#last.set(family, addressNumber(last, family));
    }
    const stays = "the address stays taken; remove the file if no pod has it";
    this.problems = [
      ...unknown.map((name) => `${folder}/${name} cannot be understood: ${stays}`),
      ...foreign.map((name) => `${folder}/${name} is named after no address: remove it`),
    ];
  }

  get families(): readonly Family[] {
    return this.#ranges.map(({ family }) => family);
  }

  /**
   * Gives an address of each family, or none. They are held until `release`, by this process or one that comes after
   * it. Throws `ExhaustedError`, and what the file system throws.
   */
  give(owner: Owner): Attachment {
    const key = attachmentKey(owner);
    if (this.#held.has(key)) throw new IpamError(`${key} holds addresses already; release them first`);
    const lease = { owner, answered: false };
    try {
      for (const range of this.#ranges) this.#hold(key, this.#giveOne(range, lease));
    } catch (error) {
      this.release(key);
      throw error;
    }
    return this.attachment(key)!;
  }

  /** Notes that the runtime has been told of what was given. Does nothing when nothing is held. */
  answered(key: AttachmentKey): void {
    for (const address of this.#held.get(key) ?? []) {
      const lease = { ...this.#leases.get(address)!, answered: true };
      this.#folder.replace(address, lease);
      this.#leases.set(address, lease);
    }
  }

  /** Takes back what an attachment holds; nothing when it holds nothing. */
  release(key: AttachmentKey): void {
    const held = this.#held.get(key) ?? [];
    while (held.length > 0) {
      this.#folder.remove(held.at(-1)!);
      this.#leases.delete(held.pop()!);
    }
    this.#held.delete(key);
  }

  attachment(key: AttachmentKey): Attachment | undefined {
    const held = this.#held.get(key);
    if (held === undefined) return undefined;
    const leases = held.map((address) => this.#leases.get(address)!);
    return { owner: leases[0]!.owner, answered: leases.every(({ answered }) => answered), addresses: [...held] };
  }

  attachments(): Attachment[] {
    return [...this.#held.keys()].map((key) => this.attachment(key)!);
  }

  /** Why no further pod can be given its addresses, in a sentence; nothing when one can. */
  exhausted(): string | undefined {
    const full = this.#ranges.find((range) => this.#next(range) === undefined);
    return full && this.#whyFull(full);
  }

  #giveOne(range: AddressRange, lease: Lease): string {
    for (;;) {
      const number = this.#next(range);
      if (number === undefined) throw new ExhaustedError(this.#whyFull(range));
      const address = addressText(number, range.family);
      // First: a process that is killed in between has passed an address by, which does no harm.
      this.#folder.setLast(range.family, address);
      this.#last.set(range.family, number);
      if (this.#folder.create(address, lease)) {
        this.#leases.set(address, lease);
        return address;
      }
      this.#unknown.add(address);
    }
  }

  #next(range: AddressRange): bigint | undefined {
    if (this.#count(range) >= this.#maxPods) return undefined;
    return nextAddress(range, this.#last.get(range.family), (number) => {
      const address = addressText(number, range.family);
      return this.#leases.has(address) || this.#unknown.has(address);
    });
  }

  /** Of the family, also outside the CIDR: the node may have had another when they were given. */
  #count({ family }: AddressRange): number {
    let count = 0;
    for (const address of this.#leases.keys()) if (address.includes(":") === (family === 6)) count++;
    return count;
  }

  #whyFull(range: AddressRange): string {
    const [count, size] = [this.#count(range), range.last - range.first + 1n];
    const limit = count >= this.#maxPods ? `the limit of ${this.#maxPods}` : `all ${size}`;
    return `pod CIDR ${range.cidr} has no free address (${limit} are given); delete pods, or give the node a larger one`;
  }

  #hold(key: AttachmentKey, address: string): void {
    const held = this.#held.get(key) ?? [];
    held.push(address);
    held.sort((a, b) => Number(a.includes(":")) - Number(b.includes(":")));
    this.#held.set(key, held);
  }
}

function readRanges(podCidrs: readonly string[]): AddressRange[] {
  const ranges = podCidrs.map(addressRange).sort((a, b) => a.family - b.family);
  if (ranges.length === 0) throw new IpamError("the node has no pod CIDR; give one of IPv4, one of IPv6, or both");
  for (const [i, { cidr, family }] of ranges.slice(1).entries()) {
    if (family !== ranges[i]!.family) continue;
    throw new IpamError(`pod CIDRs ${ranges[i]!.cidr} and ${cidr} are both of IPv${family}; give one of each family`);
  }
  return ranges;
}
