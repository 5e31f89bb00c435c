/** The programs at a pod's interface: nobody sends with an address that is not its own, and everything is counted. */
import { join } from "node:path";
import { AttachType, attachToInterface, type BpfMap, type BpfObject, detach } from "./kernel/index.ts";
import { decode, encode } from "./layout/codec.ts";
import { Pod, PodTraffic } from "./layout/generated.ts";

const U32 = 4;
const NO_ADDRESS = new Uint8Array(16);

export interface PodAddresses {
  /** 16 bytes (`addressBytes`); IPv4 as ::ffff:a.b.c.d. */
  readonly ipv4?: Uint8Array;
  readonly ipv6?: Uint8Array;
  /** 6 bytes: of the pod's end. */
  readonly mac: Uint8Array;
}

export class PodPrograms {
  readonly #object: BpfObject;
  readonly #links: string;
  readonly #pods: BpfMap;
  readonly #traffic: BpfMap;

  /** `folder` as in `loadPinned`. Throws when a map is not what this agent was built for. */
  constructor(object: BpfObject, folder: string) {
    this.#object = object;
    this.#links = join(folder, "links");
    this.#pods = object.map("pods").expect(U32, Pod);
    this.#traffic = object.map("pod_traffic").expect(U32, PodTraffic);
  }

  /**
   * Guards an interface, given by the index of the node's end. An interface that is guarded already gets the new
   * addresses and programs, and goes on counting. Throws `SystemError`.
   */
  guard(index: number, { ipv4 = NO_ADDRESS, ipv6 = NO_ADDRESS, mac }: PodAddresses): void {
    const key = keyOf(index);
    if (this.#traffic.lookup(key) === undefined) this.#traffic.update(key, new Uint8Array(this.#traffic.valueBytes));
    this.#pods.update(key, encode(Pod, { ipv4: ipv4.subarray(12), ipv6, mac }));
    // The rows first: what comes from an interface without a row is dropped.
    const { TCX_INGRESS, TCX_EGRESS } = AttachType;
    attachToInterface(this.#object.program("from_pod"), index, TCX_INGRESS, join(this.#links, `from_pod-${index}`));
    attachToInterface(this.#object.program("to_pod"), index, TCX_EGRESS, join(this.#links, `to_pod-${index}`));
  }

  /** Forgets an interface, also one that is gone already. Throws `SystemError`. */
  release(index: number): void {
    for (const program of ["from_pod", "to_pod"]) detach(join(this.#links, `${program}-${index}`));
    this.#pods.delete(keyOf(index));
    this.#traffic.delete(keyOf(index));
  }

  /** Indexes of the interfaces that are guarded, perhaps since before this process started, and perhaps gone by now. */
  guarded(): number[] {
    return Array.from(this.#pods.entries(), ([key]) => new DataView(key.buffer).getUint32(0, true));
  }

  /** Since the interface is guarded, of all CPUs together; `undefined` when it is not. Throws `SystemError`. */
  traffic(index: number): PodTraffic | undefined {
    const all = this.#traffic.lookup(keyOf(index));
    if (all === undefined) return undefined;
    const sums = { sentPackets: 0n, sentBytes: 0n, receivedPackets: 0n, receivedBytes: 0n, spoofedPackets: 0n };
    for (let at = 0; at < all.length; at += PodTraffic.size) {
      const one = decode(PodTraffic, all.subarray(at, at + PodTraffic.size));
      for (const name of Object.keys(sums) as (keyof PodTraffic)[]) sums[name] += one[name];
    }
    return sums;
  }
}

function keyOf(index: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(index).buffer);
}
