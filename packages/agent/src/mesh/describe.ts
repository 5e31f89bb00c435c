import type { FrontendRow, ImageRow } from "@carrick/core/derive/mesh";
import type { ClusterName } from "@carrick/core/model";
import { addressBytes, type Frontend, type GroupDescription, type ServiceDescription } from "../bpf/index.ts";

/** The weight of a group has 16 bits. */
const MOST_WEIGHT = 0xffff;
/**
 * A tier with any weight at all takes everything: the next one is used when nothing of it is left, as Cilium means a
 * Service's affinity.
 */
const ANY = 1;

/** How the kernel knows clusters. */
export type IndexOf = (cluster: ClusterName) => number;

/** An image as the kernel is to serve it. */
export function describeImage(
  { key, groups, draining, affinitySeconds }: ImageRow,
  indexOf: IndexOf,
): ServiceDescription {
  const weights = groups.map(({ weight, endpoints }) => weight * endpoints.length);
  const scale = Math.min(1, MOST_WEIGHT / Math.max(...weights, 1));
  return {
    affinitySeconds,
    pinUdp: key.includes("/UDP/"),
    hashClient: false,
    ringSize: 0,
    groups: groups.map(({ cluster, priority, endpoints }, i): GroupDescription => ({
      tier: priority,
      cluster: indexOf(cluster),
      weight: Math.max(1, Math.round(weights[i]! * scale)),
      need: ANY,
      members: endpoints.map(({ address, port }) => ({ ip: addressBytes(address), port, weight: 1, node: 0 })),
    })),
    draining: draining.map(({ cluster, address, port }) => ({
      ip: addressBytes(address),
      port,
      cluster: indexOf(cluster),
    })),
  };
}

/** Undefined for what stands for all other ports: the kernel refuses these by itself. */
export function describeFrontend({ address, port, protocol }: FrontendRow): Frontend | undefined {
  if (protocol === "") return undefined;
  return { ip: addressBytes(address), port, protocol, scope: "internal", exclusive: true };
}
