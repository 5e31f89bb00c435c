/** When a pod takes what is sent to its IPv6 addresses. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { AF_INET6, listRoutes, type Namespace, Table } from "../net/index.ts";
import type { PodLinks } from "./pod-links.ts";

/**
 * The kernel adds an IPv6 address at once, and the route by which it takes packets to it in a work of its own that may
 * come later, also for addresses without duplicate detection (`addrconf_dad_work`). Resolves when the routes are there,
 * which they mostly are at the first look. Rejects when `signal` aborts.
 */
export async function untilAddressesAreLocal(pod: Namespace, links: PodLinks, signal: AbortSignal): Promise<void> {
  const wanted = links.addresses.filter(({ family }) => family === 6).map(({ prefix }) => prefix);
  if (wanted.length === 0) return;
  using inside = pod.rtnetlink();
  for (;;) {
    const routes = listRoutes(inside, { family: AF_INET6, table: Table.local });
    const local = new Set(routes.flatMap(({ type, destination }) => (type === "local" ? [destination] : [])));
    if (wanted.every((prefix) => local.has(prefix))) return;
    await nextTurn();
    signal.throwIfAborted();
  }
}
