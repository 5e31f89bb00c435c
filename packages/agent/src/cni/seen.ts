/** A pod's interface as the kernel has it, and what of it is not as it was planned. */
import {
  type Address,
  findLink,
  type Link,
  listAddresses,
  listNeighbours,
  listRoutes,
  type Namespace,
  type Neighbour,
  type Route,
  type Rtnetlink,
  Table,
} from "../net/index.ts";
import type { Node } from "./node.ts";
import type { PodLinks } from "./pod-links.ts";

/** One side of the pair, with all routes of its namespace's main table. */
export interface SeenSide {
  readonly link: Link | undefined;
  readonly addresses: readonly Address[];
  readonly neighbours: readonly Neighbour[];
  readonly routes: readonly Route[];
}

export interface Seen {
  readonly host: SeenSide;
  readonly pod: SeenSide;
}

/** Throws `SystemError`. */
export function look(node: Node, pod: Namespace, links: PodLinks): Seen {
  using inside = pod.rtnetlink();
  return { host: side(node.net, links.host.name), pod: side(inside, links.pod.name) };
}

function side(net: Rtnetlink, name: string): SeenSide {
  const link = findLink(net, name);
  if (link === undefined) return { link, addresses: [], neighbours: [], routes: [] };
  return {
    link,
    addresses: listAddresses(net, link.index),
    neighbours: listNeighbours(net).filter((one) => one.link === link.index),
    routes: listRoutes(net, { table: Table.main }).filter((one) => one.link === link.index),
  };
}

/**
 * What is missing or wrong, a clause each. Pure. `defaultRoutes`: destinations of those default routes that are still
 * expected, since a plugin that came later may have replaced one.
 */
export function differences(links: PodLinks, { host, pod }: Seen, defaultRoutes: ReadonlySet<string>): string[] {
  const { host: outer, pod: inner, addresses } = links;
  const wrong = [...linkDifferences("the node's link", outer, host), ...linkDifferences("the pod's link", inner, pod)];
  if (host.link === undefined || pod.link === undefined) return wrong;
  if (pod.link.peer !== host.link.index)
    wrong.push(`the pod's link ${inner.name} is not the other end of ${outer.name}`);
  for (const { address, prefix, gateway, defaultRoute } of addresses) {
    const found = pod.addresses.find((one) => one.address === prefix);
    if (found === undefined) wrong.push(`the pod's link ${inner.name} has no address ${prefix}`);
    else if (found.duplicate) wrong.push(`somebody else has the address ${address}`);
    if (!hasNeighbour(pod, gateway, outer.mac)) wrong.push(`the pod does not know that ${gateway} is the node`);
    if (!hasNeighbour(host, address, inner.mac)) wrong.push(`the node does not know where ${address} is`);
    if (!host.routes.some(({ destination }) => destination === prefix)) {
      wrong.push(`the node has no route to ${prefix} on link ${outer.name}`);
    }
    const isDefault = ({ destination, via }: Route) => destination === defaultRoute && via === gateway;
    if (defaultRoutes.has(defaultRoute) && !pod.routes.some(isDefault)) {
      wrong.push(`the pod has no route to ${defaultRoute} via ${gateway}`);
    }
  }
  return wrong;
}

function linkDifferences(what: string, { name, mac }: PodLinks["pod"], { link }: SeenSide): string[] {
  if (link === undefined) return [`${what} ${name} is missing`];
  return [
    ...(link.up ? [] : [`${what} ${name} is down`]),
    ...(link.mac === mac ? [] : [`${what} ${name} has the hardware address ${link.mac} instead of ${mac}`]),
  ];
}

function hasNeighbour({ neighbours }: SeenSide, address: string, mac: string): boolean {
  return neighbours.some((one) => one.address === address && one.mac === mac && one.permanent);
}
