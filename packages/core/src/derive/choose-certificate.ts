import { type ObjectKey, refText, type SecretRow, type Tables } from "../model/index.ts";
import type { Reader } from "../store/index.ts";
import { chainName, covers } from "./certificate-names.ts";
import { type Claimant } from "./claimant.ts";
import { type Finding, finding, ingressRef } from "./finding.ts";
import type { EdgeEnvironment } from "./fleet.ts";

/** Which certificate a host is served with. */
export interface CertificateChoice {
  readonly tls?: { readonly secret: ObjectKey; readonly chain: string };
  /** A Secret that was not seen yet could still win. */
  readonly pending: boolean;
}

/** A claimant whose certificate could serve the host. */
interface Candidate {
  readonly claimant: Claimant;
  /** Path of the entry in `spec.tls`. */
  readonly at: string;
  readonly key: ObjectKey;
  readonly secret: SecretRow;
}

/** The first usable certificate of the claimants, who come from the oldest. The others are told why theirs is not used. */
export function chooseCertificate(
  host: string,
  claimants: readonly Claimant[],
  tables: Tables,
  env: EdgeEnvironment,
  read: Reader,
  findings: Finding[],
): CertificateChoice {
  const candidates: Candidate[] = [];
  let pending = false;
  for (const claimant of claimants) {
    const named = claimant.claim.secret;
    if (named === undefined) continue;
    const secret = read.get(tables.Secret, named.key);
    if (secret === undefined || secret.unseen === true) {
      pending ||= candidates.length === 0;
      if (secret !== undefined) findings.push(unusable(host, claimant, named.at, secret));
    } else {
      const unusable = whyUnusable(host, claimant, named.at, secret);
      if (unusable === undefined) candidates.push({ claimant, at: named.at, key: named.key, secret });
      else findings.push(unusable);
    }
  }
  const [winner, ...others] = candidates;
  if (winner === undefined) return { pending };
  reportConflict(
    host,
    winner,
    others.filter(({ secret }) => secret.fingerprint !== winner.secret.fingerprint),
    findings,
  );
  return { tls: { secret: winner.key, chain: chainName(winner.secret.names, env) }, pending };
}

function whyUnusable(host: string, claimant: Claimant, at: string, secret: SecretRow): Finding | undefined {
  if (secret.certificate === "") return unusable(host, claimant, at, secret);
  if (covers(secret.names, host)) return undefined;
  const message = `the certificate of ${secretName(secret)} is for ${listNames(secret.names)}, not for ${host}, which is not served over TLS with it.`;
  return finding(ingressRef(claimant.ingress), "CertificateNames", `${at}.secretName`, message);
}

/** There is no certificate in it, as its own problem says. */
function unusable(host: string, { ingress }: Claimant, at: string, secret: SecretRow): Finding {
  const [problem] = secret.problems ?? [];
  const why = `${problem?.path ?? ""} ${problem?.message ?? "it holds no certificate."}`.trim();
  const message = `${secretName(secret)} cannot be used for ${host}: ${why}`;
  return finding(ingressRef(ingress), problem?.code ?? "InvalidCertificate", `${at}.secretName`, message);
}

function secretName({ namespace, name }: SecretRow): string {
  return `Secret ${namespace}/${name}`;
}

/** Each loser is told; the winner once, however many there are. */
function reportConflict(host: string, winner: Candidate, losers: readonly Candidate[], findings: Finding[]): void {
  const [first, ...others] = losers;
  if (first === undefined) return;
  const winnerRef = ingressRef(winner.claimant.ingress);
  const say = ({ claimant, at }: Candidate, message: string) =>
    findings.push(finding(ingressRef(claimant.ingress), "CertificateConflict", `${at}.secretName`, message));
  for (const loser of losers) {
    say(
      loser,
      `${host} is served with the certificate that ${refText(winnerRef)} names, which is older; this one is not used.`,
    );
  }
  const more = others.length === 0 ? "names another certificate" : `and ${others.length} more name other certificates`;
  say(winner, `${refText(ingressRef(first.claimant.ingress))} ${more} for ${host}, not used.`);
}

function listNames(names: readonly string[]): string {
  return names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
}
