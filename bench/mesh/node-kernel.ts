/** The service map of a node as its kernel has it, read beside the agent that writes it. */
import { join } from "node:path";
import { addressBytes, BpfMap, ServiceMaps } from "../../packages/agent/src/bpf/index.ts";
import { checked, libbpf } from "../../packages/agent/src/bpf/kernel/libbpf.ts";
import { frontendKey, slotOf } from "../../packages/agent/src/bpf/services/frontend.ts";
import { ensurePins } from "../../packages/lab/src/network/index.ts";
import { PORT } from "./services.ts";

export class NodeKernel {
  readonly folder: string;
  readonly #maps: ServiceMaps;

  private constructor(folder: string) {
    this.folder = folder;
    this.#maps = new ServiceMaps((name) => openPinned(folder, name));
  }

  /** Throws `SystemError` where no agent has been. */
  static open(run: string, node: string): NodeKernel {
    return NodeKernel.at(join(ensurePins(run, node), "services", "maps"));
  }

  static at(folder: string): NodeKernel {
    return new NodeKernel(folder);
  }

  /** Which image the Service at an address has now: another number after each store. 0: none. */
  generation(address: string): number {
    const slot = this.slot(address);
    return slot === undefined ? 0 : this.generationAt(slot);
  }

  slot(address: string): number | undefined {
    const key = frontendKey({
      ip: addressBytes(address),
      port: PORT,
      protocol: "TCP",
      scope: "internal",
      exclusive: true,
    });
    const value = this.#maps.frontends.lookup(key);
    return value && slotOf(key, value);
  }

  generationAt(slot: number): number {
    return this.#maps.head(slot)?.generation ?? 0;
  }
}

function openPinned(folder: string, name: string): BpfMap {
  const path = join(folder, name);
  return new BpfMap(name, checked(`open map ${name} at ${path}`, libbpf.openPin(path)));
}
