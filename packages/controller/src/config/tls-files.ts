import { createPrivateKey, X509Certificate } from "node:crypto";
import { type FSWatcher, readFileSync, watch } from "node:fs";
import { dirname } from "node:path";
import { ConfigError } from "@carrick/core/config";
import type { TlsMaterial } from "@carrick/xds";
import type { Config } from "./schema.ts";

export type { TlsMaterial };

/** Reads the files and checks that they fit. Throws `ConfigError`. */
export function readTlsFiles(files: Config["tls"]): TlsMaterial {
  const certificate = read(files.certificate, "tls.certificate");
  const key = read(files.key, "tls.key");
  const authority = read(files.authority, "tls.authority");
  const leaf = parse(() => new X509Certificate(certificate), files.certificate, "a certificate in PEM");
  const privateKey = parse(() => createPrivateKey(key), files.key, "a private key in PEM without a passphrase");
  parse(() => new X509Certificate(authority), files.authority, "certificates in PEM");
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new ConfigError(`${files.key}: does not belong to the certificate in ${files.certificate}; give the pair`);
  }
  if (Date.parse(leaf.validTo) < Date.now()) {
    throw new ConfigError(`${files.certificate}: expired on ${leaf.validTo}; renew it`);
  }
  return { certificate, key, authority };
}

/** What of a controller's certificate Envoys will not accept, in a sentence; nothing if it is right. */
export function wrongControllerName(certificate: string, domain: string): string | undefined {
  const names = (new X509Certificate(certificate).subjectAltName ?? "").split(", ");
  const prefix = `URI:spiffe://${domain}/cluster/`;
  if (names.some((name) => name.startsWith(prefix) && name.endsWith("/controller"))) return undefined;
  const wanted = `spiffe://${domain}/cluster/<cluster>/controller`;
  return `has no URI ${wanted}; Envoys that \`carrick edge bootstrap\` was made for refuse it: issue it with that name`;
}

function read(path: string, field: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`${path}: cannot be read (${why}); ${field} of the configuration names it`);
  }
}

function parse<T>(read: () => T, path: string, what: string): T {
  try {
    return read();
  } catch {
    // The error could quote the key.
    throw new ConfigError(`${path}: does not hold ${what}`);
  }
}

/**
 * Calls `on` with the new material whenever the files change and fit together; what does not fit is reported, and the
 * last good material stays in use.
 */
export function watchTlsFiles(
  files: Config["tls"],
  current: TlsMaterial,
  on: (material: TlsMaterial) => void,
  onProblem: (sentence: string) => void,
): () => void {
  let last = current;
  let said = "";
  const look = () => {
    try {
      const material = readTlsFiles(files);
      if (
        material.certificate === last.certificate &&
        material.key === last.key &&
        material.authority === last.authority
      )
        return;
      last = material;
      said = "";
      on(material);
    } catch (error) {
      // Between the writes of certificate and key they do not fit: the next event looks again.
      const why = error instanceof Error ? error.message : String(error);
      if (why !== said) onProblem(`${why}; the last good files stay in use`);
      said = why;
    }
  };
  // Folders, because renewed files are new files, and a mounted Secret is a link that is replaced.
  const folders = new Set([files.certificate, files.key, files.authority].map((path) => dirname(path)));
  const watchers: FSWatcher[] = [...folders].map((folder) => watch(folder, { persistent: false }, look));
  for (const watcher of watchers)
    watcher.on("error", (error) => onProblem(`tls: cannot watch the files: ${error.message}`));
  // What changed between the first reading and now was not noticed.
  look();
  return () => {
    for (const watcher of watchers) watcher.close();
  };
}
