import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { AccessError } from "./access-error.ts";
import type { Secret } from "./secret.ts";

/** Checks that a client certificate fits its key; gives the end of its validity in milliseconds since 1970. */
export function checkClientCertificate(pem: string, key: Secret, where: string): number {
  const certificate = readCertificate(pem, where);
  if (!certificate.checkPrivateKey(readKey(key, where))) {
    throw new AccessError(
      "malformed",
      `${where}: the client key does not belong to the client certificate: write both again`,
    );
  }
  return certificate.validToDate.getTime();
}

/** The end of a client certificate's validity in milliseconds since 1970. */
export function certificateEnd(pem: string, where: string): number {
  return readCertificate(pem, where).validToDate.getTime();
}

function readCertificate(pem: string, where: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new AccessError("malformed", `${where}: the client certificate is not a PEM certificate: write it again`, {
      cause: error,
    });
  }
}

function readKey(key: Secret, where: string): KeyObject {
  try {
    return createPrivateKey(key.reveal());
  } catch {
    // OpenSSL's error could quote the key.
    throw new AccessError(
      "malformed",
      `${where}: the client key is not an unencrypted PEM private key: write it again`,
    );
  }
}

export function expired(where: string, validTo: number): AccessError {
  const when = new Date(validTo).toISOString();
  return new AccessError("expired", `${where}: the client certificate expired at ${when}: renew it and write it there`);
}
