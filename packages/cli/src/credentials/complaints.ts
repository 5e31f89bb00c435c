import type { X509Certificate } from "node:crypto";
import type { PemFiles } from "./pem-files.ts";

/** Something wrong with a certificate: what, and how it is mended. */
export interface Complaint {
  /** The certificate cannot be used now; else it will soon be so. */
  readonly serious: boolean;
  readonly says: string;
  readonly fix: string;
}

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

/** What is wrong with a certificate, its key and the authority at the time `now`. */
export function certificateComplaints(files: PemFiles, now: number): Complaint[] {
  const { paths, chain, privateKey } = files;
  const [leaf] = chain;
  return [
    ...(leaf.checkPrivateKey(privateKey)
      ? []
      : [
          serious(
            `${paths.key}: does not belong to the certificate in ${paths.certificate}`,
            "give the key it was made with",
          ),
        ]),
    ...(isIssued(files)
      ? []
      : [
          serious(
            `${paths.certificate}: is not signed by an authority in ${paths.authority}`,
            "give the authority that signed it, or the missing intermediate certificates",
          ),
        ]),
    ...validity(leaf, paths.certificate, now),
  ];
}

function validity(leaf: X509Certificate, path: string, now: number): Complaint[] {
  const from = Date.parse(leaf.validFrom);
  const to = Date.parse(leaf.validTo);
  if (now < from) return [serious(`${path}: is valid only from ${iso(from)}`, "correct the clock, or issue it again")];
  if (now >= to) return [serious(`${path}: expired at ${iso(to)}`, "issue it again")];
  if (to - now >= SOON_DAYS * DAY_MS) return [];
  const days = Math.floor((to - now) / DAY_MS);
  return [
    { serious: false, says: `${path}: expires in ${days} days, at ${iso(to)}`, fix: "issue it again before that day" },
  ];
}

/** Whether the chain leads from its leaf to one of the authorities. */
function isIssued({ chain, authorities }: PemFiles): boolean {
  const [leaf, ...rest] = chain;
  const intermediates = new Set(rest);
  for (let current = leaf; ;) {
    const signedBy = (issuer: X509Certificate) => current.checkIssued(issuer) && current.verify(issuer.publicKey);
    if (authorities.some((authority) => authority.fingerprint256 === current.fingerprint256 || signedBy(authority)))
      return true;
    const next = [...intermediates].find(signedBy);
    if (next === undefined) return false;
    intermediates.delete(next);
    current = next;
  }
}

function serious(says: string, fix: string): Complaint {
  return { serious: true, says, fix };
}

function iso(time: number): string {
  return new Date(time).toISOString().replace(/\.000Z$/, "Z");
}
