import { AccessError } from "./access-error.ts";
import { errorCode } from "./credential-file.ts";
import { KubeError } from "./kube-error.ts";

/** Turns whatever kept a request from being answered into one `KubeError` with the address, the reason and the fix. */
export function noAnswer(server: string, error: unknown): KubeError {
  if (error instanceof KubeError) return error;
  if (error instanceof AccessError) return new KubeError(0, "Credentials", error.message, { cause: error });
  const code = errorCode(error);
  const message = error instanceof Error ? error.message : String(error);
  const [reason, sentence] = explain(code, message);
  return new KubeError(0, reason, `${server}: ${sentence}`, { cause: error });
}

function explain(code: string | undefined, message: string): [reason: string, sentence: string] {
  switch (code) {
    case "ECONNREFUSED":
      return ["Unreachable", "nothing listens there (ECONNREFUSED): start the API server or correct the address"];
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return ["Unreachable", `its name cannot be resolved (${code}): correct the address or the DNS`];
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ETIMEDOUT":
      return ["Unreachable", `there is no way to it (${code}): check the network between here and there`];
    case "CERT_HAS_EXPIRED":
      return ["Unreachable", "the API server's certificate has expired: renew it on the server"];
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return ["Unreachable", `the API server's certificate is for another name (${message}): correct server or tls-server-name`];
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "CERT_SIGNATURE_FAILURE":
      return ["Unreachable", `the API server's certificate is not signed by the given authority (${code}): correct the certificate authority`];
    default:
      if (code?.startsWith("ERR_SSL_") === true && /alert/i.test(message)) {
        return ["Unreachable", `the API server refused the TLS handshake (${code}): check the client certificate`];
      }
      return ["Unreachable", `the connection failed (${message})`];
  }
}
