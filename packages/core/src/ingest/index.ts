export { accept } from "./accept.ts";
export type { AddressRules } from "./address.ts";
export type { KubeObject } from "./fields.ts";
export { ingest, type IngestRules } from "./ingest.ts";
export {
  absentSecret,
  type CertificatePair,
  type CheckPair,
  type DecodeBase64,
  forbiddenSecret,
  unseenSecret,
} from "./secret.ts";
