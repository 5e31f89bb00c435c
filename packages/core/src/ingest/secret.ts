import { type ClusterName, type ObjectRow, type Problem, type SecretRow, secretText } from "../model/index.ts";
import { Fields, type KubeObject } from "./fields.ts";
import { isServerName } from "./host.ts";
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

/** What an object of the API server can hold. */
const MAX_PEM = 2 * 1024 * 1024;
/** More than any authority signs. */
const MAX_NAMES = 500;

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
    const text = fields.ownText(data[name], `data["${name}"]`, MAX_PEM);
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
  if (pair === undefined || "wrong" in pair) {
    if (pair !== undefined) fields.note("InvalidCertificate", "data", `${pair.wrong}.`);
    return unusable(meta.row, meta.created, fields.problems);
  }
  const names = [...new Set(pair.names.map((name) => name.toLowerCase()))].filter(isServerName).sort();
  if (names.length === 0 || names.length > MAX_NAMES) {
    const has = names.length === 0 ? "no DNS name" : `${names.length} DNS names; at most ${MAX_NAMES} are accepted`;
    fields.note("InvalidCertificate", `data["tls.crt"]`, `has ${has}.`);
    return unusable(meta.row, meta.created, fields.problems);
  }
  return {
    ...meta.row,
    created: meta.created,
    certificate,
    key: secretText(key),
    names,
    fingerprint: pair.fingerprint,
    notAfter: pair.notAfter,
    ...(fields.problems.length > 0 && { problems: fields.problems }),
  };
}

/** The row of a Secret that was looked up and is not there, so that what names it waits no longer and says why. */
export function absentSecret(cluster: ClusterName, namespace: string, name: string): SecretRow {
  const message = `does not exist in ${cluster}; create it there with type kubernetes.io/tls, or name another.`;
  return unusable({ cluster, namespace, name, resourceVersion: "" }, 0, [{ code: "UnknownSecret", path: "", message }]);
}

/** The row of a Secret that could not be looked up, `why` in a clause: a version that was accepted before stays in force. */
export function unseenSecret(cluster: ClusterName, namespace: string, name: string, why: string): SecretRow {
  const message = `could not be looked up in ${cluster} yet (${why}); Envoys keep what they serve over TLS until it is.`;
  const problems: readonly Problem[] = [{ code: "UnseenSecret", path: "", message }];
  return { ...unusable({ cluster, namespace, name, resourceVersion: "" }, 0, problems), unseen: true };
}

/** The row of a Secret that may not be read: a version that was accepted before stays in force. */
export function forbiddenSecret(cluster: ClusterName, namespace: string, name: string): SecretRow {
  const message = `may not be read in ${cluster}; give the controller get, list and watch on this Secret.`;
  return unusable({ cluster, namespace, name, resourceVersion: "" }, 0, [
    { code: "ForbiddenSecret", path: "", message },
  ]);
}

function unusable(row: ObjectRow, created: number, problems: readonly Problem[]): SecretRow {
  return { ...row, created, certificate: "", key: secretText(""), names: [], fingerprint: "", notAfter: 0, problems };
}
