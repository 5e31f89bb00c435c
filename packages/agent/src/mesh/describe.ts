import type { FrontendRow, ImageRow } from "@carrick/core/derive/mesh";
import type { ClusterName } from "@carrick/core/model";
import {
  addressBytes,
  type Condition,
  type Frontend,
  type GroupDescription,
  type ServiceDescription,
} from "../bpf/index.ts";
import { chooseGroups, type IndexOf } from "./choose-groups.ts";

/** The weight of a group has 16 bits. */
const MOST_WEIGHT = 0xffff;
/**
 * A tier with any weight at all takes everything: the next one is used when nothing of it is left, as Cilium means a
 * Service's affinity.
 */
const ANY = 1;

export interface DescribedImage {
  readonly service: ServiceDescription;
  /** What of the image the kernel has no room for; undefined when all of it is in. */
  readonly condition: Condition | undefined;
}

/** An image as the kernel is to serve it, in the cluster `here`. */
export function describeImage(row: ImageRow, indexOf: IndexOf, here: ClusterName): DescribedImage {
  const { key, draining, affinitySeconds } = row;
  const { groups, condition } = chooseGroups(row, indexOf, here);
  const weights = groups.map(({ group: { weight, endpoints } }) => weight * endpoints.length);
  const scale = Math.min(1, MOST_WEIGHT / Math.max(...weights, 1));
  const service: ServiceDescription = {
    affinitySeconds,
    pinUdp: key.includes("/UDP/"),
    hashClient: false,
    ringSize: 0,
    groups: groups.map(({ group: { priority, endpoints }, index }, i): GroupDescription => ({
      tier: priority,
      cluster: index,
      weight: Math.max(1, Math.round(weights[i]! * scale)),
      need: ANY,
      members: endpoints.map(({ address, port }) => ({ ip: addressBytes(address), port, weight: 1, node: 0 })),
    })),
    draining: draining.flatMap(({ cluster, address, port }) => {
      const index = indexOf(cluster);
      return index === undefined ? [] : [{ ip: addressBytes(address), port, cluster: index }];
    }),
  };
  return { service, condition };
}

/** Undefined for what stands for all other ports: the kernel refuses these by itself. */
export function describeFrontend({ address, port, protocol }: FrontendRow): Frontend | undefined {
  if (protocol === "") return undefined;
  return { ip: addressBytes(address), port, protocol, scope: "internal", exclusive: true };
}
