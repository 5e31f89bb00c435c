/** Ranges of pods on nodes. */
import { digits, subrange } from "../topology/range.ts";
import type { Cluster, Ranges } from "../topology/topology.ts";

/** `10.11.2.0/24` and `fd10:1:2::/64` for node 2 of the first cluster. */
export function nodePods({ pods }: Cluster, node: number): Ranges {
  return { ipv4: subrange(pods.ipv4, 24, node), ipv6: subrange(subrange(pods.ipv6, 48, digits(node)), 64, 0) };
}
