import { X509Certificate } from "node:crypto";
import { ConfigError } from "@carrick/core/config";
import { readTlsFiles, type TlsFiles, type TlsMaterial, XdsError } from "@carrick/xds";

/** Throws `ConfigError` when the files cannot be used. */
export function readCertificate(files: TlsFiles): TlsMaterial {
  try {
    return readTlsFiles(files);
  } catch (error) {
    if (error instanceof XdsError) throw new ConfigError(error.message);
    throw error;
  }
}

/** What of a controller's certificate Envoys will not accept, in a sentence; nothing if it is right. */
export function wrongControllerName(certificate: string, domain: string): string | undefined {
  const names = (new X509Certificate(certificate).subjectAltName ?? "").split(", ");
  const prefix = `URI:spiffe://${domain}/cluster/`;
  if (names.some((name) => name.startsWith(prefix) && name.endsWith("/controller"))) return undefined;
  const wanted = `spiffe://${domain}/cluster/<cluster>/controller`;
  return `has no URI ${wanted}; Envoys that \`carrick edge bootstrap\` was made for refuse it: issue it with that name`;
}
