import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Secret } from "@carrick/kube";
import { reasonOf, usageError } from "../exit-code.ts";

/** Paths of a certificate chain (its leaf first), its key, and the authority of the other side. All PEM. */
export interface PemPaths {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

export interface PemFiles {
  readonly paths: PemPaths;
  readonly certificate: string;
  readonly key: Secret;
  readonly authority: string;
  readonly chain: readonly [X509Certificate, ...X509Certificate[]];
  readonly privateKey: KeyObject;
  readonly authorities: readonly [X509Certificate, ...X509Certificate[]];
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
const MAX_BYTES = 1024 * 1024;

/** Reads the three files. Throws a `CommandError` that names the file, the reason and the fix. */
export async function readPemFiles(paths: PemPaths): Promise<PemFiles> {
  const certificate = await readPem(paths.certificate, "certificate");
  const key = new Secret(await readPem(paths.key, "key"));
  const authority = await readPem(paths.authority, "authority");
  return {
    paths,
    certificate,
    key,
    authority,
    chain: certificates(certificate, paths.certificate),
    privateKey: privateKey(key, paths.key),
    authorities: certificates(authority, paths.authority),
  };
}

async function readPem(path: string, what: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw usageError(
      `${path}: the ${what} cannot be read (${reasonOf(error)}); correct the path or the permissions`,
      error,
    );
  }
  if (text.length > MAX_BYTES) throw usageError(`${path}: is larger than 1 MiB; name a PEM file with the ${what}`);
  return text;
}

function certificates(pem: string, path: string): [X509Certificate, ...X509Certificate[]] {
  try {
    const [first, ...rest] = (pem.match(CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
    if (first !== undefined) return [first, ...rest];
  } catch {
    // Said below: OpenSSL's words add nothing.
  }
  throw usageError(`${path}: holds no certificate in PEM that can be read; write one there`);
}

function privateKey(key: Secret, path: string): KeyObject {
  try {
    return createPrivateKey(key.reveal());
  } catch {
    // The error could quote the input.
    throw usageError(`${path}: holds no private key in PEM without a passphrase; write one there`);
  }
}

/** `subjectAltName` of Node quotes values with commas, so only what is not quoted is split. */
const ALTERNATIVE_NAME = /(?:^|, )URI:("(?:[^"\\]|\\.)*"|[^,]*)/g;

/** The URIs among the alternative names of a certificate. */
export function uriNames(certificate: X509Certificate): string[] {
  return [...(certificate.subjectAltName ?? "").matchAll(ALTERNATIVE_NAME)].map((match) => {
    const value = match[1]!;
    return value.startsWith('"') ? String(JSON.parse(value)) : value;
  });
}
