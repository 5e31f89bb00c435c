/** TLS material in files, which are renewed while the process runs. */
import { X509Certificate } from "node:crypto";
import { type FSWatcher, readFileSync, watch } from "node:fs";
import { dirname } from "node:path";
import { checkedContext, sameMaterial } from "./tls-material.ts";
import type { TlsMaterial } from "./tls-material.ts";
import { XdsError } from "./xds-error.ts";
import type { XdsErrorCode } from "./xds-error.ts";

/** Paths of PEM files. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

/** Reads the files and checks that they fit and have not expired. Throws `XdsError`, which names the file. */
export function readTlsFiles(files: TlsFiles): TlsMaterial {
  const { certificate: path } = files;
  const certificate = read(files.certificate, "certificate");
  const key = read(files.key, "key");
  const authority = read(files.authority, "authority");
  const material = { certificate, key, authority, origins: files };
  checkedContext(material);
  const { validTo } = new X509Certificate(certificate);
  if (Date.parse(validTo) < Date.now()) throw new XdsError("certificate", `${path}: expired on ${validTo}; renew it`);
  return material;
}

function read(path: string, code: XdsErrorCode): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new XdsError(code, `${path}: cannot be read (${why}); \`tls.${code}\` of the configuration names it`);
  }
}

/**
 * Calls `on` with the new material whenever the files change and fit together; what does not fit is reported, and the
 * last good material stays in use. The returned function ends it.
 */
export function watchTlsFiles(
  files: TlsFiles,
  current: TlsMaterial,
  on: (material: TlsMaterial) => void,
  onProblem: (sentence: string) => void,
): () => void {
  let last = current;
  let said = "";
  const look = () => {
    try {
      const material = readTlsFiles(files);
      if (sameMaterial(material, last)) return;
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
