import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyPair } from "./authority.ts";

/** Writes `<name>.pem` and `<name>.key` and gives their paths. */
export function writeKeyPair(
  { certPem, keyPem }: KeyPair,
  folder: string,
  name: string,
): { readonly certificate: string; readonly key: string } {
  const certificate = join(folder, `${name}.pem`);
  const key = join(folder, `${name}.key`);
  writeFileSync(certificate, certPem);
  writeFileSync(key, keyPem, { mode: 0o600 });
  return { certificate, key };
}
