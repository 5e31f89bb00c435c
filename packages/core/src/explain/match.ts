import { type HostRoute, type HostRow, wildcardOf } from "../derive/index.ts";
import type { Table } from "../store/index.ts";

/** The host whose routes a request gets: the name itself, a wildcard of one label, or the default. */
export function matchHost(hosts: Table<HostRow>, host: string): HostRow | undefined {
  return hosts.get(host) ?? hosts.get(wildcardOf(host)) ?? hosts.get("*");
}

/** The first route of the host that takes the path; routes stand in the order of matching. */
export function matchRoute(host: HostRow, path: string): HostRoute | undefined {
  return host.routes.find((route) =>
    route.type === "Exact"
      ? path === route.path
      : route.path === "/" || path === route.path || path.startsWith(`${route.path}/`),
  );
}
