import { exact, type Tables } from "../model/index.ts";
import { type Index, index, same, type Store, type Table } from "../store/index.ts";
import { type AdmittedIngress, admittedByHost } from "./admitted.ts";
import type { BackendSetKey } from "./backend-set.ts";
import { type CertificateChoice, chooseCertificate } from "./choose-certificate.ts";
import { claimantsOf } from "./claimant.ts";
import { type Finding, withFindings } from "./finding.ts";
import type { EdgeEnvironment, Fleet } from "./fleet.ts";
import { type HostRoute, mergePaths } from "./merge-paths.ts";

/** What all clusters together say of one host. */
export interface HostRow extends CertificateChoice {
  /** A DNS name, `*.` and one, or `*` for what no other host takes. */
  readonly host: string;
  /** In the order of matching: Exact before Prefix, longer before shorter. */
  readonly routes: readonly HostRoute[];
  readonly findings: readonly Finding[];
}

export const hostBySet: Index<HostRow, BackendSetKey> = index("set", (row) => [
  ...new Set(row.routes.flatMap((route) => (route.set === undefined ? [] : [route.set]))),
]);

/** `<chain>|<secret>`: which certificates a filter chain's hosts come with. */
export const hostByCertificate: Index<HostRow> = index("certificate", (row) =>
  row.tls === undefined ? [] : [`${row.tls.chain}|${row.tls.secret}`],
);

/** Hosts whose certificate is not known yet, under `any`. */
export const pendingHosts: Index<HostRow> = index("pending", (row) => (row.pending ? ["any"] : []));

/**
 * Merges the Ingresses of all clusters by host. The same path with the same backend in several clusters is one route
 * over all of them. Where backends or certificates differ, the oldest Ingress wins (then by cluster, namespace, name),
 * and all who are concerned are told.
 */
export function hosts(
  store: Store,
  tables: Tables,
  admitted: Table<AdmittedIngress>,
  fleet: Fleet,
  env: EdgeEnvironment,
): Table<HostRow> {
  return store.view(
    `${fleet.name}/hosts`,
    store.groups(`${fleet.name}/host-names`, admitted, admittedByHost),
    ({ term: host }, key, read) => {
      const claimants = claimantsOf(host, read.by(admitted, admittedByHost, host));
      const findings: Finding[] = [];
      const routes = mergePaths(host, claimants, findings);
      const { tls, pending } = chooseCertificate(host, claimants, tables, env, read, findings);
      return [[key, { host, routes, ...(tls && { tls }), pending, findings: exact(findings) }]];
    },
    same,
    [hostBySet, hostByCertificate, pendingHosts, withFindings],
  );
}
