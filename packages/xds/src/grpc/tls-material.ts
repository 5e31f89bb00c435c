/** What a TLS connection needs, checked before it is used. */
import { constants, createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { SecureContextOptions } from "node:tls";
import { XdsError } from "./xds-error.ts";

/** A certificate with its key, and the authorities that the other side's certificate must come from. PEM. */
export interface TlsMaterial {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
  /** Where each came from, for errors: paths of files, for example. */
  readonly origins?: { readonly certificate: string; readonly key: string; readonly authority: string };
}

/** Checks the material. Throws `XdsError`; the message never quotes the key. */
export function checkedContext(material: TlsMaterial): SecureContextOptions {
  const { certificate, key, authority } = material;
  const from = material.origins ?? { certificate: "tls.certificate", key: "tls.key", authority: "tls.authority" };
  const leaf = parsed(() => new X509Certificate(certificate));
  if (leaf === undefined) {
    throw new XdsError("certificate", `${from.certificate}: holds no certificate in PEM; write it again`);
  }
  const privateKey = parsed(() => createPrivateKey(key));
  if (privateKey === undefined) {
    throw new XdsError("key", `${from.key}: holds no private key in PEM without a passphrase; write it again`);
  }
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new XdsError("key", `${from.key}: does not belong to the certificate in ${from.certificate}; give the pair`);
  }
  if (parsed(() => new X509Certificate(authority)) === undefined) {
    throw new XdsError("authority", `${from.authority}: holds no certificate of an authority in PEM; write it again`);
  }
  // Without tickets each connection shows its certificate: a session that outlives its authority cannot be resumed.
  const secureOptions = constants.SSL_OP_NO_TICKET;
  const options = { cert: certificate, key, ca: authority, minVersion: "TLSv1.2", secureOptions } as const;
  if (parsed(() => createSecureContext(options)) === undefined) {
    throw new XdsError("certificate", `${from.certificate}: OpenSSL refuses it or what follows it; issue it again`);
  }
  return options;
}

/** Both hold the same text, wherever it came from. */
export function sameMaterial(a: TlsMaterial, b: TlsMaterial): boolean {
  return a === b || (a.certificate === b.certificate && a.key === b.key && a.authority === b.authority);
}

/** OpenSSL's errors could quote the key: they are dropped. */
function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
