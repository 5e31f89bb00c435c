import { certificateComplaints } from "../credentials/complaints.ts";
import { readPemFiles, uriNames } from "../credentials/pem-files.ts";
import { domainOf } from "../credentials/spiffe.ts";
import type { Secret } from "@carrick/kube";
import { usageError } from "../exit-code.ts";

/** With what controllers on other machines are spoken to. */
export interface Trust {
  /** PEM texts. */
  readonly certificate: string;
  readonly key: Secret;
  readonly authority: string;
  /** Trust domain of our certificate: the controller's must have the same. */
  readonly domain: string;
}

export interface TrustFlags {
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly authority?: string | undefined;
}

/**
 * Reads the operator's certificate: the flags, else CARRICK_CERTIFICATE, CARRICK_KEY and CARRICK_AUTHORITY. `undefined`
 * where nothing is given. Throws a `CommandError` if the files cannot be used.
 */
export async function readTrust(
  flags: TrustFlags,
  env: Readonly<Record<string, string | undefined>>,
  now: number,
): Promise<Trust | undefined> {
  const certificate = flags.certificate ?? env["CARRICK_CERTIFICATE"];
  const key = flags.key ?? env["CARRICK_KEY"];
  const authority = flags.authority ?? env["CARRICK_AUTHORITY"];
  if (certificate === undefined && key === undefined && authority === undefined) return undefined;
  if (certificate === undefined || key === undefined || authority === undefined) {
    throw usageError("--certificate, --key and --authority belong together; give all three, or none");
  }
  const files = await readPemFiles({ certificate, key, authority });
  const complaint = certificateComplaints(files, now).find(({ serious }) => serious);
  if (complaint !== undefined) throw usageError(`${complaint.says}; ${complaint.fix}`);
  const domain = uriNames(files.chain[0])
    .map(domainOf)
    .find((name) => name !== undefined);
  if (domain === undefined) {
    throw usageError(`${certificate}: carries no spiffe:// name; issue it for spiffe://<domain>/operator/<name>`);
  }
  return { certificate: files.certificate, key: files.key, authority: files.authority, domain };
}
