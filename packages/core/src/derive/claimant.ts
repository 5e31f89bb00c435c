import type { AdmittedIngress, HostClaim } from "./admitted.ts";

/** An Ingress with what it claims for one host. */
export interface Claimant {
  readonly ingress: AdmittedIngress;
  readonly claim: HostClaim;
}

/** Claimants of `host` from the oldest, then by cluster, namespace, name: the first of them wins a conflict. */
export function claimantsOf(host: string, ingresses: readonly AdmittedIngress[]): Claimant[] {
  return ingresses
    .map((ingress) => ({ ingress, claim: ingress.hosts.find((claim) => claim.host === host)! }))
    .sort((a, b) => byAge(a.ingress, b.ingress));
}

function byAge(a: AdmittedIngress, b: AdmittedIngress): number {
  return (
    a.created - b.created ||
    compare(a.cluster, b.cluster) ||
    compare(a.namespace, b.namespace) ||
    compare(a.name, b.name)
  );
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
