import { certificateComplaints } from "../credentials/complaints.ts";
import { type PemPaths, readPemFiles, uriNames } from "../credentials/pem-files.ts";
import { isController } from "../credentials/spiffe.ts";
import { CommandError } from "../exit-code.ts";
import { type Check, ok, problem, warning } from "@carrick/core/report";

const AREA = "certificates";

/** The controller's certificate, its key, and the authority of those that it serves. */
export async function checkCertificates(paths: PemPaths, domain: string, now: number): Promise<Check[]> {
  try {
    const files = await readPemFiles(paths);
    const found = certificateComplaints(files, now).map(({ serious, says, fix }) =>
      serious ? problem(AREA, says, fix) : warning(AREA, says, fix),
    );
    const [leaf] = files.chain;
    const names = uriNames(leaf);
    if (!names.some((name) => isController(name, domain))) {
      const says = `${paths.certificate}: names ${names.join(", ") || "nobody"}, not a controller of ${domain}`;
      found.push(problem(AREA, says, `issue it for spiffe://${domain}/cluster/<cluster>/controller`));
    }
    if (found.length > 0) return found;
    return [ok(AREA, `${paths.certificate} fits its key and authority, until ${leaf.validTo}`)];
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    // The sentence ends with the fix.
    const end = error.message.lastIndexOf("; ");
    return [problem(AREA, error.message.slice(0, end), error.message.slice(end + 2))];
  }
}
