import type { ClusterName } from "../model/index.ts";

/** Answer of an agent's `GET /v1/frontends?frontend=…`: what the kernel of its node holds, read from its maps. */
export interface KernelReport {
  readonly cluster: ClusterName;
  readonly node: string;
  /** In the order in which they were asked for. */
  readonly frontends: readonly KernelFrontend[];
}

/** What the kernel does with a connection to an address and port. */
export interface KernelFrontend {
  readonly address: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP";
  /**
   * `served`: by `image`. `refused`: the address is a Service's, and nobody takes the port. `passed`: the address is no
   * Service's; the connection goes as if there were no mesh.
   */
  readonly outcome: "served" | "refused" | "passed";
  readonly image?: KernelImage;
}

/** All that a pick reads. One with no group refuses connections at once. */
export interface KernelImage {
  readonly uid: number;
  /** Every publication has another. */
  readonly generation: number;
  readonly affinitySeconds: number;
  /** How one of a group is chosen. */
  readonly pick: "random" | "ring";
  readonly groups: readonly KernelGroup[];
}

export interface KernelGroup {
  readonly tier: number;
  /** `#7` where the node does not know the name of its number. */
  readonly cluster: ClusterName;
  readonly weight: number;
  /** What the groups of its tier have to weigh together to take everything. */
  readonly need: number;
  /** As this node sees the cluster, and as its owner has it: 0 to 1. */
  readonly health: { readonly share: number; readonly drain: number };
  readonly endpoints: readonly { readonly address: string; readonly port: number }[];
}
