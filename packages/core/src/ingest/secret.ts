import { type ClusterName, type SecretRow, secretText } from "../model/index.ts";
import { Fields, type KubeObject } from "./fields.ts";
import { readMeta } from "./meta.ts";

/** What is learned from a certificate and its key. */
export interface CertificatePair {
  readonly names: readonly string[];
  readonly fingerprint: string;
  readonly notAfter: number;
}

/**
 * Parses a PEM chain and its key and checks that they belong together; says in a clause what is wrong otherwise.
 * Cryptography is no part of pure code: it enters as this function.
 */
export type CheckPair = (certificate: string, key: string) => CertificatePair | { readonly wrong: string };

/** Decodes base64 to text, `undefined` if it is none. */
export type DecodeBase64 = (text: string) => string | undefined;

/** v1 Secret of type kubernetes.io/tls. Without a usable pair, `certificate` is empty and `problems` say why. */
export function ingestSecret(
  cluster: ClusterName,
  object: KubeObject,
  checkPair: CheckPair,
  decode: DecodeBase64,
): SecretRow {
  const fields = new Fields();
  const meta = readMeta(cluster, object, fields);
  const data = fields.object(object["data"], "data");
  const read = (name: string) => {
    const text = fields.text(data[name], `data["${name}"]`);
    const decoded = decode(text);
    if (decoded === undefined || decoded === "") {
      fields.note("InvalidCertificate", `data["${name}"]`, `is ${text === "" ? "missing or empty" : "not base64"}.`);
      return "";
    }
    return decoded;
  };
  const certificate = read("tls.crt");
  const key = read("tls.key");
  const pair = certificate === "" || key === "" ? undefined : checkPair(certificate, key);
  if (pair !== undefined && "wrong" in pair) fields.note("InvalidCertificate", "data", `${pair.wrong}.`);
  const usable = pair !== undefined && !("wrong" in pair) ? pair : undefined;
  return {
    ...meta.row,
    created: meta.created,
    certificate: usable ? certificate : "",
    key: secretText(usable ? key : ""),
    names: usable?.names ?? [],
    fingerprint: usable?.fingerprint ?? "",
    notAfter: usable?.notAfter ?? 0,
    ...(fields.problems.length > 0 && { problems: fields.problems }),
  };
}
