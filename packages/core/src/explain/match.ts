import { type HostRoute, type HostRow, wildcardOf } from "../derive/index.ts";
import type { Table } from "../store/index.ts";
import type { ExplainedRequest } from "./request.ts";

/**
 * The host whose routes a request gets: the name itself, a wildcard of one label, or the default. Over TLS only hosts
 * with a certificate are there, and no default.
 */
export function matchHost(hosts: Table<HostRow>, { scheme, host }: ExplainedRequest): HostRow | undefined {
  const rows = [host, wildcardOf(host), "*"].map((name) => hosts.get(name));
  return rows.find((row) => row !== undefined && (scheme === "http" || row.tls !== undefined));
}

/** The first route of the host that takes the path; routes stand in the order of matching. */
export function matchRoute(host: HostRow, path: string): HostRoute | undefined {
  return host.routes.find((route) =>
    route.type === "Exact"
      ? path === route.path
      : route.path === "/" || path === route.path || path.startsWith(`${route.path}/`),
  );
}
