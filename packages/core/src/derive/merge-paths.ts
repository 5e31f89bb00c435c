import { type ClusterName, type PathType, refText } from "../model/index.ts";
import type { AdmittedIngress, PathClaim } from "./admitted.ts";
import { type BackendSetKey, backendSetKey } from "./backend-set.ts";
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
  const winner = claims[0]!;
  const rivals = claims.filter((claimant) => !sameService(claimant, winner) && claimant.ingress !== winner.ingress);
  // The oldest decides, also while its own cluster does not have the Service: another cluster may.
  const chosen = claims.find((claimant) => sameService(claimant, winner) && claimant.path.target !== undefined);
  const target = chosen?.path.target;
  const members: ClusterName[] = [];
  for (const claimant of claims) {
    if (target === undefined || claimant.path.target === undefined || !sameService(claimant, winner)) continue;
    if (claimant.path.target.port === target.port) members.push(claimant.ingress.cluster);
    else if (claimant.ingress !== chosen?.ingress) rivals.push(claimant);
  }
  reportConflict(host, chosen ?? winner, rivals, findings);
  return { type, path, ...(target !== undefined && { set: backendSetKey(target, members) }) };
}

function sameService(a: PathClaimant, b: PathClaimant): boolean {
  return a.ingress.namespace === b.ingress.namespace && a.path.service === b.path.service;
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
  const describe = ({ ingress, path: { service, target } }: PathClaimant) =>
    `${ingress.namespace}/${service}${target === undefined ? "" : `:${target.port}`}`;
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
