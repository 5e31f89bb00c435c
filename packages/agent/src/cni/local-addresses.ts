/** When a pod takes what is sent to its IPv6 addresses. */
import { setTimeout as delay } from "node:timers/promises";
import { AF_INET6, listRoutes, type Namespace, type Rtnetlink, Table } from "../net/index.ts";
import { systemCall, type SystemCall } from "../sys/libc.ts";
import type { PodLinks } from "./pod-links.ts";

const schedYield: SystemCall<[]> = systemCall("int sched_yield()");

/** After so many, others keep the processor busy. */
const YIELDS = 3;

/**
 * The kernel adds an IPv6 address at once, and the route by which it takes packets to it in a work of its own, also
 * without duplicate detection (`addrconf_dad_work`). That work waits for the processor on which this thread runs, so
 * the thread gives it away. Resolves when the routes are there. Rejects when `signal` aborts.
 */
export async function untilAddressesAreLocal(pod: Namespace, links: PodLinks, signal: AbortSignal): Promise<void> {
  const wanted = links.addresses.filter(({ family }) => family === 6).map(({ prefix }) => prefix);
  if (wanted.length === 0) return;
  using inside = pod.rtnetlink();
  for (let looks = 0; ; looks++) {
    schedYield("give the processor away");
    const local = localDestinations(inside);
    if (wanted.every((prefix) => local.has(prefix))) return;
    signal.throwIfAborted();
    if (looks >= YIELDS) await delay(1);
  }
}

function localDestinations(inside: Rtnetlink): Set<string> {
  const routes = listRoutes(inside, { family: AF_INET6, table: Table.local });
  return new Set(routes.flatMap(({ type, destination }) => (type === "local" ? [destination] : [])));
}
