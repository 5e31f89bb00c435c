export { accept } from "./accept.ts";
export type { AddressRules } from "./address.ts";
export type { KubeObject } from "./fields.ts";
export { ingest, type IngestRules } from "./ingest.ts";
export { absentSecret, forbiddenSecret, type CertificatePair, type CheckPair, type DecodeBase64 } from "./secret.ts";
