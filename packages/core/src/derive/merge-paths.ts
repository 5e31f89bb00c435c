import { type ClusterName, type PathType, refText } from "../model/index.ts";
import type { AdmittedIngress, PathClaim } from "./admitted.ts";
import { type BackendSetKey, backendSetKey, type BackendTarget } from "./backend-set.ts";
import { type Claimant, compare } from "./claimant.ts";
import { type Finding, finding, ingressRef } from "./finding.ts";

export interface HostRoute {
  readonly type: PathType;
  readonly path: string;
  /** Absent: no cluster that claims the path can resolve its backend; the edge answers 503. */
  readonly set?: BackendSetKey;
}

interface PathClaimant {
  readonly ingress: AdmittedIngress;
  readonly path: PathClaim;
}

/** The routes of a host in the order of matching, from what its claimants (the oldest first) say of paths. */
export function mergePaths(host: string, claimants: readonly Claimant[], findings: Finding[]): HostRoute[] {
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
  const losers: PathClaimant[] = [];
  for (const claimant of claims) {
    if (claimant.path.target === undefined) continue;
    if (sameTarget(claimant.path.target, target)) members.push(claimant.ingress.cluster);
    else if (claimant.ingress !== winner.ingress) losers.push(claimant);
  }
  reportConflict(host, winner, losers, findings);
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

/** Each loser is told; the winner once, however many there are. */
function reportConflict(
  host: string,
  winner: PathClaimant,
  losers: readonly PathClaimant[],
  findings: Finding[],
): void {
  const [first, ...others] = losers;
  if (first === undefined) return;
  const describe = ({ path: { target } }: PathClaimant) => `${target?.namespace}/${target?.service}:${target?.port}`;
  const route = `${winner.path.type} ${winner.path.path} of host ${host}`;
  const winnerRef = ingressRef(winner.ingress);
  for (const loser of losers) {
    const message = `${route} goes to ${describe(winner)} because ${refText(winnerRef)} is older; ${describe(loser)} gets nothing from this path. Give both the same backend, or another path.`;
    findings.push(finding(ingressRef(loser.ingress), "RouteConflict", loser.path.at, message));
  }
  const message = `${route} is also claimed by ${refText(ingressRef(first.ingress))} for ${describe(first)}${andMore(others)}, which gets nothing from it.`;
  findings.push(finding(winnerRef, "RouteConflict", winner.path.at, message));
}

function andMore(others: readonly unknown[]): string {
  return others.length === 0 ? "" : ` and by ${others.length} more`;
}
