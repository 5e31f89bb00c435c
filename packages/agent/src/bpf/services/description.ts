/** What is wanted of the service map: plain data, without slots, memory or versions. */
import { endpointText } from "../layout/address.ts";

export interface Endpoint {
  /** 16 bytes (`addressBytes`). */
  readonly ip: Uint8Array;
  readonly port: number;
}

export interface Member extends Endpoint {
  /** Against the other members of its group; one that weighs 0 gets no new flow. */
  readonly weight: number;
  /** Index of the node that it runs on; 0: not known. */
  readonly node: number;
}

/** Members of one cluster that are preferred alike. */
export interface GroupDescription {
  /** Groups of a lower tier come first. */
  readonly tier: number;
  readonly cluster: number;
  /** Against the other groups of its tier, and against `need`. */
  readonly weight: number;
  /** What the groups of this tier must weigh together to take everything; the rest spills over to the next tier. */
  readonly need: number;
  readonly members: readonly Member[];
}

export interface ServiceDescription {
  /** A client keeps its backend for this long after its last connect; 0: no affinity. */
  readonly affinitySeconds: number;
  /** A UDP socket without a connection keeps its backend while that is active or draining. */
  readonly pinUdp: boolean;
  /** The same client gets the same backend. */
  readonly hashClient: boolean;
  /** Entries of a group's Maglev ring, a prime number; 0: members are drawn by weight. */
  readonly ringSize: number;
  readonly groups: readonly GroupDescription[];
  /** Endpoints that get no new flow and keep those that they have. */
  readonly draining: readonly (Endpoint & { readonly cluster: number })[];
}

/** A function is asked whenever the service is published, so that nothing of the answer has to be kept. */
export type WantedService = ServiceDescription | (() => ServiceDescription);

export type Protocol = "TCP" | "UDP";

export interface Frontend extends Endpoint {
  readonly protocol: Protocol;
  /** `internal`: for pods and the node itself. `external`: for what comes to the node from outside. */
  readonly scope: "internal" | "external";
  /** The address is a service's alone: ports of it that no frontend has are refused. Not so for a node's address. */
  readonly exclusive: boolean;
}

/** `TCP 10.96.0.1:80`, with the scope when it is the external one. */
export function frontendText({ ip, port, protocol, scope }: Frontend): string {
  return `${protocol} ${endpointText(ip, port)}${scope === "external" ? " from outside" : ""}`;
}
