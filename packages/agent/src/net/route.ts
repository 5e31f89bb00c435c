/** Routes. Every function throws `SystemError` when the kernel says no, `AddressError` for a bad text. */
import { AF_INET, AF_INET6, type Family } from "./ip.ts";
import { unlessCode } from "../sys/unless-code.ts";
import { Flag } from "./netlink/message.ts";
import type { Rtnetlink } from "./netlink/socket.ts";
import {
  decodeRoute,
  encodeRoute,
  encodeRouteRef,
  encodeRoutesOf,
  type Route,
  RouteMessage,
  type RouteSpec,
} from "./route-message.ts";

/** `EEXIST` when there is one to the same destination with the same priority in the same table. */
export function addRoute(net: Rtnetlink, spec: RouteSpec): void {
  net.request(`add ${describe(spec)}`, RouteMessage.new, Flag.create | Flag.exclusive, encodeRoute(spec));
}

/** Adds it, or puts it in the place of the one with the same destination, priority and table, without a gap. */
export function replaceRoute(net: Rtnetlink, spec: RouteSpec): void {
  net.request(`set ${describe(spec)}`, RouteMessage.new, Flag.create | Flag.replace, encodeRoute(spec));
}

/** `ESRCH` when there is none. What `spec` leaves out matches anything; the table is `main` when not given. */
export function deleteRoute(net: Rtnetlink, spec: RouteSpec): void {
  net.request(`delete ${describe(spec)}`, RouteMessage.delete, 0, encodeRouteRef(spec));
}

/** Says whether it was there. */
export function ensureNoRoute(net: Rtnetlink, spec: RouteSpec): boolean {
  return unlessCode("ESRCH", () => (deleteRoute(net, spec), true)) ?? false;
}

export interface RouteFilter {
  readonly family?: Family;
  readonly table?: number;
  readonly protocol?: number;
}

/** Without a filter: of both families and all tables, the kernel's own (`local`) among them. */
export function listRoutes(net: Rtnetlink, { family, table = 0, protocol }: RouteFilter = {}): Route[] {
  const families = family === undefined ? [AF_INET, AF_INET6] : [family];
  return families
    .flatMap((one) => tableOf(net, one, table))
    .filter((row) => protocol === undefined || row.protocol === protocol);
}

function tableOf(net: Rtnetlink, family: number, table: number): Route[] {
  // A table that was never used does not exist: the same as one without routes.
  const rows = unlessCode("ENOENT", () => net.dump("list routes", RouteMessage.get, encodeRoutesOf(family, table)));
  return (rows ?? [])
    .map(decodeRoute)
    .filter((row) => row !== undefined && (table === 0 || row.table === table)) as Route[];
}

export function describe({ destination, type, via, link, table }: RouteSpec): string {
  const parts = [
    `${type === undefined || type === "unicast" ? "" : `${type} `}route to ${destination}`,
    ...(via === undefined ? [] : [`via ${via}`]),
    ...(link === undefined ? [] : [`on link ${link}`]),
    ...(table === undefined ? [] : [`in table ${table}`]),
  ];
  return parts.join(" ");
}
