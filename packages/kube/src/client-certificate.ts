import { createPrivateKey, X509Certificate } from "node:crypto";
import { AccessError } from "./access-error.ts";
import type { Secret } from "./secret.ts";

/** Checks that a client certificate fits its key; gives the end of its validity in milliseconds since 1970. */
export function checkClientCertificate(pem: string, key: Secret, where: string): number {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch (error) {
    throw new AccessError("malformed", `${where}: the client certificate is not a PEM certificate: write it again`, {
      cause: error,
    });
  }
  let fits: boolean;
  try {
    fits = certificate.checkPrivateKey(createPrivateKey(key.reveal()));
  } catch (error) {
    throw new AccessError("malformed", `${where}: the client key is not an unencrypted PEM private key: write it again`, {
      cause: error,
    });
  }
  if (!fits) {
    throw new AccessError("malformed", `${where}: the client key does not belong to the client certificate: write both again`);
  }
  return certificate.validToDate.getTime();
}

export function expired(where: string, validTo: number): AccessError {
  const when = new Date(validTo).toISOString();
  return new AccessError("expired", `${where}: the client certificate expired at ${when}: renew it and write it there`);
}
