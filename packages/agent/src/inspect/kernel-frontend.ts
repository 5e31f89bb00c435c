import type { KernelFrontend, KernelGroup } from "@carrick/core/report";
import { type Frontend, type Held, type HeldGroup, isMappedIPv4 } from "../bpf/index.ts";
import { formatIp } from "../net/index.ts";

/** What is held, in words; `nameOf` says which cluster has a number. */
export function kernelFrontend(
  { ip, port, protocol }: Frontend,
  held: Held,
  nameOf: (cluster: number) => string | undefined,
): KernelFrontend {
  const at = { address: canonical(ip), port, protocol };
  if (held === "refused" || held === "passed") return { ...at, outcome: held };
  const { uid, generation, affinitySeconds, ring, groups } = held;
  const image = {
    uid,
    generation,
    affinitySeconds,
    pick: ring ? ("ring" as const) : ("random" as const),
    groups: groups.map((group) => kernelGroup(group, nameOf)),
  };
  return { ...at, outcome: "served", image };
}

function kernelGroup(
  { tier, cluster, weight, need, health, members }: HeldGroup,
  nameOf: (cluster: number) => string | undefined,
): KernelGroup {
  return {
    tier,
    cluster: nameOf(cluster) ?? `#${cluster}`,
    weight,
    need,
    health: { share: health.share, drain: health.drain },
    endpoints: members.map(({ ip, port }) => ({ address: canonical(ip), port })),
  };
}

/** As addresses stand in what controllers say. */
function canonical(ip: Uint8Array): string {
  return formatIp(isMappedIPv4(ip) ? ip.subarray(12) : ip);
}
