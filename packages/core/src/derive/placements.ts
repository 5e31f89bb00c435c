import { type Reader, same, type Store, type Table } from "../store/index.ts";
import { serverNameCandidates } from "./certificate-names.ts";
import { serverNameByWildcard, type ServerNameRow } from "./chains.ts";
import type { Fleet } from "./fleet.ts";
import type { HostRow } from "./hosts.ts";

/** The chain of the plain HTTP listener. (A certificate's chain has a hyphen in its name.) */
export const HTTP = "http";

/** A host in a filter chain. */
export interface PlacementRow {
  readonly chain: string;
  /** The domain that requests come for. */
  readonly domain: string;
  /** The host whose rules they get: the domain itself, or the wildcard that takes it. */
  readonly host: string;
  /** Plain requests are answered with a redirect to https: also while the host's certificate has not been seen. */
  readonly redirect: boolean;
}

/**
 * Which chains a host is served in: the plain one, and the one that Envoy will choose for its server name. For some
 * names that a wildcard host takes, that is the chain of another certificate, which has the very name.
 */
export function placements(
  store: Store,
  hosts: Table<HostRow>,
  names: Table<ServerNameRow>,
  fleet: Fleet,
): Table<PlacementRow> {
  return store.view(
    `${fleet.name}/placements`,
    hosts,
    ({ host, tls, pending }, _key, read) => {
      const chain = tls === undefined || fleet.https === undefined ? undefined : chainOf(host, names, read);
      const rows: [string, PlacementRow][] = [];
      const place = (into: string, domain: string, redirect = false) =>
        rows.push([`${into}|${domain}`, { chain: into, domain, host, redirect }]);
      const redirects = fleet.https !== undefined && fleet.httpsRedirect;
      // Plain answers for a host that wants TLS would be worse than a redirect that comes too early.
      if (fleet.http !== undefined) place(HTTP, host, redirects && (chain !== undefined || pending));
      if (chain === undefined) return rows;
      place(chain, host);
      for (const taken of host.startsWith("*") ? read.by(names, serverNameByWildcard, host) : []) {
        if (read.get(hosts, taken.name)?.tls === undefined) place(taken.chain, taken.name);
      }
      return rows;
    },
    same,
  );
}

function chainOf(host: string, names: Table<ServerNameRow>, read: Reader): string | undefined {
  for (const candidate of serverNameCandidates(host)) {
    const row = read.get(names, candidate);
    if (row !== undefined) return row.chain;
  }
  return undefined;
}
