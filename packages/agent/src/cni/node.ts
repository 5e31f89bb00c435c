/** The node on which pods are wired. */
import {
  getSysctl,
  linkSysctl,
  listLinks,
  type Namespace,
  type Rtnetlink,
  setSysctls,
  SysctlError,
} from "../net/index.ts";

export interface Node {
  readonly namespace: Namespace;
  /** In that namespace. */
  readonly net: Rtnetlink;
  /** The addresses from which the node itself talks to pods; the kernel chooses where there is none of a family. */
  readonly addresses: readonly string[];
}

/**
 * Lets the node forward packets of pods. IPv6: a link that forwards no longer listens to routers, and the node would
 * lose a default route that it has from one; links that listen now are told to go on (`accept_ra` 2). Throws
 * `SysctlError`.
 */
export function prepareNode({ namespace, net }: Node, families: readonly (4 | 6)[]): void {
  if (families.includes(4)) setSysctls(namespace, { "ipv4/ip_forward": 1 });
  if (!families.includes(6)) return;
  for (const { name } of listLinks(net)) {
    const acceptRa = linkSysctl("ipv6/conf", name, "accept_ra");
    if (isListening(namespace, name, acceptRa)) setSysctls(namespace, { [acceptRa]: 2 });
  }
  setSysctls(namespace, { "ipv6/conf/all/forwarding": 1 });
}

function isListening(namespace: Namespace, name: string, acceptRa: string): boolean {
  try {
    const forwarding = getSysctl(namespace, linkSysctl("ipv6/conf", name, "forwarding"));
    return forwarding === "0" && getSysctl(namespace, acceptRa) === "1";
  } catch (error) {
    // A link without IPv6 has no such settings, and one may go while they are read.
    if (error instanceof SysctlError) return false;
    throw error;
  }
}
