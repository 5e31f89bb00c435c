export { createAuthority, KeyPair } from "./authority.ts";
export type { Authority, CertificateRequest, Usage } from "./authority.ts";
export { controllerName, edgeName, nodeName } from "./spiffe-name.ts";
export { writeKeyPair } from "./key-files.ts";
