import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import type { CheckPair } from "@carrick/core/ingest";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Checks a PEM chain and its key with OpenSSL; the leaf stands first. Says in a clause what is wrong, without the key. */
export const checkPair: CheckPair = (certificate, key) => {
  const leaf = readCertificates(certificate);
  if (leaf === undefined) return { wrong: "tls.crt holds no certificate in PEM" };
  const privateKey = readKey(key);
  if (privateKey === undefined) return { wrong: "tls.key holds no private key in PEM without a passphrase" };
  if (!leaf.checkPrivateKey(privateKey)) return { wrong: "tls.key does not belong to the certificate in tls.crt" };
  return {
    names: dnsNames(leaf),
    fingerprint: createHash("sha256").update(certificate).update(key).digest("hex"),
    notAfter: Date.parse(leaf.validTo),
  };
};

/** The leaf, if every certificate of the chain can be read: Envoy refuses a chain with one that cannot. */
function readCertificates(pem: string): X509Certificate | undefined {
  try {
    const [leaf] = (pem.match(CERTIFICATE) ?? []).map((text) => new X509Certificate(text));
    return leaf;
  } catch {
    return undefined;
  }
}

function readKey(pem: string) {
  try {
    return createPrivateKey(pem);
  } catch {
    // The error could quote the input.
    return undefined;
  }
}

/** Alternative names of the leaf; a certificate without any is served under its common name, as old ones were. */
function dnsNames(leaf: X509Certificate): string[] {
  const names = (leaf.subjectAltName ?? "")
    .split(", ")
    .flatMap((entry) => (entry.startsWith("DNS:") ? [entry.slice(4)] : []));
  const common = /^CN=(.+)$/m.exec(leaf.subject)?.[1];
  return (names.length > 0 || common === undefined ? names : [common]).map((name) => name.toLowerCase());
}
