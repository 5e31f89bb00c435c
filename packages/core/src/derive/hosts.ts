import { type ClusterName, type ObjectKey, type PathType, refText, type Tables } from "../model/index.ts";
import { type Index, index, type Reader, same, type Store, type Table } from "../store/index.ts";
import { type AdmittedIngress, admittedByHost, type HostClaim, type PathClaim } from "./admitted.ts";
import { type BackendSetKey, backendSetKey, type BackendTarget } from "./backend-set.ts";
import { chainName, covers } from "./certificate-names.ts";
import { type Finding, finding, ingressRef, withFindings } from "./finding.ts";
import type { EdgeEnvironment, Fleet } from "./fleet.ts";

export interface HostRoute {
  readonly type: PathType;
  readonly path: string;
  /** Absent: no cluster that claims the path can resolve its backend; the edge answers 503. */
  readonly set?: BackendSetKey;
}

/** What all clusters together say of one host. */
export interface HostRow {
  /** A DNS name, `*.` and one, or `*` for what no other host takes. */
  readonly host: string;
  /** In the order of matching: Exact before Prefix, longer before shorter. */
  readonly routes: readonly HostRoute[];
  /** The certificate that the host is served with. */
  readonly tls?: { readonly secret: ObjectKey; readonly chain: string };
  /** A Secret that the host's certificate may come from has not been seen yet. */
  readonly pending: boolean;
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

/** An Ingress with what it claims for one host. */
interface Claimant {
  readonly ingress: AdmittedIngress;
  readonly claim: HostClaim;
}

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
      const claimants = read
        .by(admitted, admittedByHost, host)
        .map((ingress) => ({ ingress, claim: ingress.hosts.find((claim) => claim.host === host)! }))
        .sort((a, b) => byAge(a.ingress, b.ingress));
      const findings: Finding[] = [];
      const routes = mergePaths(host, claimants, findings);
      const { tls, pending } = chooseCertificate(host, claimants, tables, env, read, findings);
      return [[key, { host, routes, ...(tls && { tls }), pending, findings }]];
    },
    same,
    [hostBySet, hostByCertificate, pendingHosts, withFindings],
  );
}

function byAge(a: AdmittedIngress, b: AdmittedIngress): number {
  return (
    a.created - b.created ||
    compare(a.cluster, b.cluster) ||
    compare(a.namespace, b.namespace) ||
    compare(a.name, b.name)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface PathClaimant {
  readonly ingress: AdmittedIngress;
  readonly path: PathClaim;
}

function mergePaths(host: string, claimants: readonly Claimant[], findings: Finding[]): HostRoute[] {
  const byPath = new Map<string, PathClaimant[]>();
  for (const { ingress, claim } of claimants) {
    for (const path of claim.paths) {
      const key = `${path.type} ${path.path}`;
      byPath.set(key, [...(byPath.get(key) ?? []), { ingress, path }]);
    }
  }
  const routes = [...byPath.values()].map((claims) => mergePath(host, claims, findings));
  return routes.sort((a, b) => compare(a.type, b.type) || b.path.length - a.path.length || compare(a.path, b.path));
}

function mergePath(host: string, all: readonly PathClaimant[], findings: Finding[]): HostRoute {
  const rules = all.filter((claimant) => !claimant.path.fallback);
  const claims = rules.length > 0 ? rules : all;
  const { type, path } = claims[0]!.path;
  reportRepeats(host, claims, findings);
  const winner = claims.find((claimant) => claimant.path.target !== undefined);
  if (winner?.path.target === undefined) return { type, path };
  const target = winner.path.target;
  const members: ClusterName[] = [];
  for (const claimant of claims) {
    if (claimant.path.target === undefined) continue;
    if (sameTarget(claimant.path.target, target)) members.push(claimant.ingress.cluster);
    else if (claimant.ingress !== winner.ingress) reportConflict(host, winner, claimant, findings);
  }
  return { type, path, set: backendSetKey(target, members) };
}

function sameTarget(a: BackendTarget, b: BackendTarget): boolean {
  return a.namespace === b.namespace && a.service === b.service && a.port === b.port;
}

/** One Ingress that names a path twice means one of them: the first. */
function reportRepeats(host: string, claims: readonly PathClaimant[], findings: Finding[]): void {
  const first = new Map<AdmittedIngress, PathClaim>();
  for (const { ingress, path } of claims) {
    const earlier = first.get(ingress);
    if (earlier === undefined) first.set(ingress, path);
    else {
      const message = `repeats ${path.type} ${path.path} of host ${host}, which ${earlier.at} has already.`;
      findings.push(finding(ingressRef(ingress), "DuplicatePath", path.at, message));
    }
  }
}

function reportConflict(host: string, winner: PathClaimant, loser: PathClaimant, findings: Finding[]): void {
  const describe = ({ path: { target } }: PathClaimant) => `${target?.namespace}/${target?.service}:${target?.port}`;
  const route = `${loser.path.type} ${loser.path.path} of host ${host}`;
  const winnerRef = ingressRef(winner.ingress);
  const loserRef = ingressRef(loser.ingress);
  findings.push(
    finding(
      loserRef,
      "RouteConflict",
      loser.path.at,
      `${route} goes to ${describe(winner)} because ${refText(winnerRef)} is older; ${describe(loser)} gets nothing from this path. Give both the same backend, or another path.`,
    ),
    finding(
      winnerRef,
      "RouteConflict",
      winner.path.at,
      `${route} is also claimed by ${refText(loserRef)} for ${describe(loser)}, which gets nothing from it.`,
    ),
  );
}

function chooseCertificate(
  host: string,
  claimants: readonly Claimant[],
  tables: Tables,
  env: EdgeEnvironment,
  read: Reader,
  findings: Finding[],
): { tls?: { secret: ObjectKey; chain: string }; pending: boolean } {
  let winner: { claimant: Claimant; fingerprint: string; tls: { secret: ObjectKey; chain: string } } | undefined;
  let pending = false;
  for (const claimant of claimants) {
    const named = claimant.claim.secret;
    if (named === undefined) continue;
    const secret = read.get(tables.Secret, named.key);
    if (secret === undefined) {
      pending ||= winner === undefined;
      continue;
    }
    const ref = ingressRef(claimant.ingress);
    if (secret.certificate === "") {
      const [problem] = secret.problems ?? [];
      const why = `${problem?.path ?? ""} ${problem?.message ?? "it holds no certificate."}`.trim();
      const message = `Secret ${secret.namespace}/${secret.name} cannot be used for ${host}: ${why}`;
      findings.push(finding(ref, problem?.code ?? "InvalidCertificate", `${named.at}.secretName`, message));
    } else if (!covers(secret.names, host)) {
      const message = `the certificate of Secret ${secret.namespace}/${secret.name} is for ${listNames(secret.names)}, not for ${host}, which is not served over TLS with it.`;
      findings.push(finding(ref, "CertificateNames", `${named.at}.secretName`, message));
    } else if (winner === undefined) {
      const tls = { secret: named.key, chain: chainName(secret.names, env) };
      winner = { claimant, fingerprint: secret.fingerprint, tls };
    } else if (secret.fingerprint !== winner.fingerprint) {
      const winnerRef = ingressRef(winner.claimant.ingress);
      findings.push(
        finding(
          ref,
          "CertificateConflict",
          `${named.at}.secretName`,
          `${host} is served with the certificate that ${refText(winnerRef)} names, which is older; this one is not used.`,
        ),
        finding(
          winnerRef,
          "CertificateConflict",
          `${winner.claimant.claim.secret!.at}.secretName`,
          `${refText(ref)} names another certificate for ${host}, which is not used.`,
        ),
      );
    }
  }
  return { ...(winner && { tls: winner.tls }), pending };
}

function listNames(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(", ") || "no name"
    : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
}
