import { AccessError } from "./access-error.ts";
import { errorCode } from "./credential-file.ts";
import { KubeError } from "./kube-error.ts";

/** Turns whatever kept a request from being answered into one `KubeError` with the address, the reason and the fix. */
export function noAnswer(server: string, error: unknown): KubeError {
  if (error instanceof KubeError) return error;
  if (error instanceof AccessError) return new KubeError(0, "Credentials", error.message, { cause: error });
  const code = errorCode(error);
  const message = error instanceof Error ? error.message : String(error);
  return new KubeError(0, "Unreachable", `${server}: ${explain(code, message)}`, { cause: error });
}

const sentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there (ECONNREFUSED): start the API server or correct the address",
  ECONNRESET: "the connection was reset (ECONNRESET): the API server restarts or something between cuts connections",
  ENOTFOUND: "its name cannot be resolved (ENOTFOUND): correct the address or the DNS",
  EAI_AGAIN: "its name cannot be resolved (EAI_AGAIN): correct the address or the DNS",
  EHOSTUNREACH: "there is no way to it (EHOSTUNREACH): check the network between here and there",
  ENETUNREACH: "there is no way to it (ENETUNREACH): check the network between here and there",
  ETIMEDOUT: "there is no way to it (ETIMEDOUT): check the network between here and there",
  CERT_HAS_EXPIRED: "the API server's certificate has expired: renew it on the server",
  ERR_TLS_CERT_ALTNAME_INVALID: "the API server's certificate is for another name: correct server or tls-server-name",
};

const unsigned: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_SIGNATURE_FAILURE",
]);

function explain(code: string | undefined, message: string): string {
  if (code === undefined) return `the connection failed (${message}): check the API server and the network`;
  if (unsigned.has(code)) {
    return `the API server's certificate is not signed by the given authority (${code}): correct the certificate authority`;
  }
  if (code.startsWith("ERR_SSL_") && /alert/i.test(message)) {
    return `the API server refused the TLS handshake (${code}): check the client certificate`;
  }
  return sentences[code] ?? `the connection failed (${message}): check the API server and the network`;
}
