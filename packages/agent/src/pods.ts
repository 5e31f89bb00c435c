/** What the agent does for each pod beside its links: nobody sends with an address that is not its own. */
import { addressBytes, type PodPrograms } from "./bpf/index.ts";
import type { PodAttachment, PodNetwork } from "./cni/index.ts";
import { findLink, type Rtnetlink } from "./net/index.ts";

export interface GuardedPodsOptions {
  readonly programs: PodPrograms;
  readonly net: Rtnetlink;
  /** Why no pod can be added now; nothing when one can. */
  readonly unready: () => string | undefined;
}

export class GuardedPods implements PodNetwork {
  readonly #options: GuardedPodsOptions;
  /** Index of the node's side of each pod's link, by its name: a link that is gone says it no more. */
  readonly #guarded = new Map<string, number>();

  constructor(options: GuardedPodsOptions) {
    this.#options = options;
  }

  unready(): string | undefined {
    return this.#options.unready();
  }

  async podAdded(pod: PodAttachment): Promise<void> {
    this.#guard(pod);
  }

  /** Puts today's programs at the links of pods that are there from before the start, and forgets links that are gone. */
  restore(pods: Iterable<PodAttachment>, onProblem: (sentence: string) => void): void {
    const { programs, net } = this.#options;
    for (const index of programs.guarded()) if (findLink(net, index) === undefined) programs.release(index);
    for (const pod of pods) {
      try {
        this.#guard(pod);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        onProblem(`${pod.hostLink} of pod ${pod.owner.containerId} keeps the programs that it has: ${why}`);
      }
    }
  }

  async podRemoved({ hostLink }: PodAttachment): Promise<void> {
    const index = this.#guarded.get(hostLink);
    if (index === undefined) return;
    this.#options.programs.release(index);
    this.#guarded.delete(hostLink);
  }

  #guard({ hostLink, podMac, addresses }: PodAttachment): void {
    const { net, programs } = this.#options;
    const link = findLink(net, hostLink);
    if (link === undefined) throw new Error(`there is no link ${hostLink}`);
    // Before anything is attached: what is half done is released with the pod.
    this.#guarded.set(hostLink, link.index);
    const [ipv4, ipv6] = [false, true].map((six) => addresses.find((address) => address.includes(":") === six));
    programs.guard(link.index, {
      mac: macBytes(podMac),
      ...(ipv4 !== undefined && { ipv4: addressBytes(ipv4) }),
      ...(ipv6 !== undefined && { ipv6: addressBytes(ipv6) }),
    });
  }
}

function macBytes(text: string): Uint8Array {
  return Uint8Array.from(text.split(":").map((byte) => Number.parseInt(byte, 16)));
}
