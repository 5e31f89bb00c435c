/** The routes of one owner, brought to what they shall be: to the cluster's other nodes, for the own pods' range. */
import { SystemError } from "../sys/system-error.ts";
import { AddressError, AF_INET6, formatPrefix, parseIp, formatIp, parsePrefix } from "./ip.ts";
import type { Rtnetlink } from "./netlink/socket.ts";
import { Protocol, type Route, type RouteSpec, Table } from "./route-message.ts";
import { describe, ensureNoRoute, listRoutes, replaceRoute } from "./route.ts";

/** What the kernel uses for IPv6 when none, or 0, is asked for (`IP6_RT_PRIO_USER`). */
const IPV6_PRIORITY = 1024;

export interface RefusedRoute {
  readonly route: RouteSpec;
  /** A sentence. */
  readonly why: string;
}

export interface RoutePlan {
  readonly set: readonly RouteSpec[];
  readonly remove: readonly Route[];
  readonly refused: readonly RefusedRoute[];
}

/**
 * Pure. What to do so that the routes of `owner` (`RTPROT_…`) are those that are wanted. A route of another owner is
 * never replaced or removed: the wanted one is refused. Two that are wanted for one place: the later one is refused.
 */
export function planRoutes(present: readonly Route[], wanted: readonly RouteSpec[], owner: number): RoutePlan {
  const there = new Map(present.map((route) => [keyOf(route), route]));
  const set: RouteSpec[] = [];
  const refused: RefusedRoute[] = [];
  const places = new Set<string>();
  for (const spec of wanted) {
    const route = { ...spec, protocol: owner };
    let key: string;
    try {
      key = keyOf(route);
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      refused.push({ route, why: error.message });
      continue;
    }
    const old = there.get(key);
    if (places.has(key)) refused.push({ route, why: `${describe(route)} is wanted twice; the first one is used` });
    else if (old !== undefined && old.protocol !== owner) {
      const other = `one that Carrick did not set (protocol ${old.protocol})`;
      refused.push({ route, why: `${describe(route)} has the place of ${other}; remove that one` });
    } else if (old === undefined || !satisfies(old, route)) set.push(route);
    places.add(key);
  }
  const remove = present.filter((route) => route.protocol === owner && !places.has(keyOf(route)));
  return { set, remove, refused };
}

/** The kernel has one route for each of these. */
function keyOf(route: RouteSpec | Route): string {
  const { family, bytes, length } = parsePrefix(route.destination);
  const priority = route.priority || (family === AF_INET6 ? IPV6_PRIORITY : 0);
  return `${formatPrefix(bytes, length)} ${route.table ?? Table.main} ${priority}`;
}

function satisfies(old: Route, wanted: RouteSpec): boolean {
  const { type = "unicast", via, link, source, onlink = false } = wanted;
  const same = (a: string | undefined, b: string | undefined): boolean =>
    a === b || (a !== undefined && b !== undefined && formatIp(parseIp(a).bytes) === formatIp(parseIp(b).bytes));
  return (
    !old.multipath &&
    old.type === type &&
    same(old.via, via) &&
    same(old.source, source) &&
    old.onlink === onlink &&
    (type !== "unicast" || link === undefined || old.link === link)
  );
}

export interface EnsuredRoutes {
  readonly set: number;
  readonly removed: number;
  readonly refused: readonly RefusedRoute[];
}

/**
 * Sets what is missing or different and, with `prune`, removes what is not wanted any more; a route that the kernel
 * refuses does not hold up the others. Prune only when all that is wanted is known. Throws `SystemError` when the
 * routes cannot be read.
 */
export function ensureRoutes(
  net: Rtnetlink,
  wanted: readonly RouteSpec[],
  options: { readonly prune: boolean },
): EnsuredRoutes {
  const plan = planRoutes(listRoutes(net), wanted, Protocol.carrick);
  const refused = [...plan.refused];
  let set = 0;
  for (const route of plan.set) {
    try {
      replaceRoute(net, route);
      set++;
    } catch (error) {
      if (!(error instanceof SystemError || error instanceof AddressError)) throw error;
      refused.push({ route, why: error.message });
    }
  }
  let removed = 0;
  for (const { destination, table, priority, protocol } of options.prune ? plan.remove : []) {
    if (ensureNoRoute(net, { destination, table, priority, protocol })) removed++;
  }
  return { set, removed, refused };
}
