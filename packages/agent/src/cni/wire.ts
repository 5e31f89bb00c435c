/** Makes and unmakes a pod's interface in the kernel. */
import {
  addAddress,
  addRoute,
  changeLink,
  createVeth,
  ensureNeighbour,
  findLink,
  getLink,
  linkSysctl,
  type Namespace,
  setSysctls,
} from "../net/index.ts";
import { SystemError } from "../sys/system-error.ts";
import { CniCode, CniError } from "./cni-error.ts";
import type { Node } from "./node.ts";
import type { PodLinks } from "./pod-links.ts";

/** Makes the pair, down and without addresses. When it throws (`SystemError`, `CniError`) there is no pair. */
export function makePair(node: Node, pod: Namespace, { host, pod: end, mtu }: PodLinks): void {
  try {
    createVeth(
      node.net,
      { name: host.name, mac: host.mac, mtu },
      { name: end.name, mac: end.mac, mtu, namespace: pod.fd },
    );
  } catch (error) {
    if (!(error instanceof SystemError && error.code === "EEXIST")) throw error;
    // The kernel does not say which of the two names is taken.
    using inside = pod.rtnetlink();
    if (findLink(inside, end.name) !== undefined) {
      throw new CniError(
        CniCode.invalidEnvironment,
        `CNI_IFNAME is ${end.name}, which the pod has already: delete it first, or choose another name`,
      );
    }
    throw new CniError(
      CniCode.failed,
      `the node has a link ${host.name} that nothing is known of: delete it (ip link delete ${host.name})`,
    );
  }
}

/**
 * Makes everything on the pair; both ends can send and receive when it returns. It may throw half-way (`SystemError`,
 * `SysctlError`): whatever was made goes with the pair.
 */
export function wire(node: Node, pod: Namespace, links: PodLinks): void {
  const link = raiseHostLink(node, links);
  // Second: an end that comes up while the other is up can send at once.
  wirePod(pod, links);
  routeToPod(node, link, links);
  // The other end drops what it sends until the kernel has noticed, in a work of its own, that there is a carrier; who
  // asks for the link makes it notice (since Linux 6.8, a moment later before).
  getLink(node.net, link);
}

function raiseHostLink(node: Node, { host, addresses }: PodLinks): number {
  const { index } = getLink(node.net, host.name);
  setSysctls(node.namespace, hostSysctls(host.name, addresses));
  changeLink(node.net, index, { up: true, alias: host.alias });
  return index;
}

function wirePod(pod: Namespace, { host, pod: { name }, addresses }: PodLinks): void {
  using inside = pod.rtnetlink();
  const link = getLink(inside, name).index;
  if (addresses.some(({ family }) => family === 6)) {
    // A runtime may have switched IPv6 off for namespaces that it makes. Routers are not asked: the node is the only one.
    setSysctls(pod, {
      [linkSysctl("ipv6/conf", name, "disable_ipv6")]: 0,
      [linkSysctl("ipv6/conf", name, "accept_ra")]: 0,
    });
  }
  changeLink(inside, link, { up: true });
  for (const { prefix, gateway, defaultRoute } of addresses) {
    addAddress(inside, link, { address: prefix });
    ensureNeighbour(inside, { link, address: gateway, mac: host.mac });
    addRoute(inside, { destination: defaultRoute, via: gateway, link, onlink: true });
  }
}

function routeToPod(node: Node, link: number, { pod, addresses }: PodLinks): void {
  for (const { family, address, prefix } of addresses) {
    const source = node.addresses.find((one) => one.includes(":") === (family === 6));
    ensureNeighbour(node.net, { link, address, mac: pod.mac });
    addRoute(node.net, { destination: prefix, link, ...(source !== undefined && { source }) });
  }
}

function hostSysctls(name: string, addresses: PodLinks["addresses"]): Record<string, number> {
  const settings: Record<string, number> = {};
  for (const { family } of addresses) {
    if (family === 4) {
      settings[linkSysctl("ipv4/conf", name, "forwarding")] = 1;
      // A pod cannot send from an address that is not its own.
      settings[linkSysctl("ipv4/conf", name, "rp_filter")] = 1;
    } else {
      settings[linkSysctl("ipv6/conf", name, "forwarding")] = 1;
      // A pod cannot make itself the node's router.
      settings[linkSysctl("ipv6/conf", name, "accept_ra")] = 0;
    }
  }
  return settings;
}
