import { namespacedMetadata } from "./meta.ts";
import type { NamespacedMeta } from "./meta.ts";

export interface TlsSecretOptions extends NamespacedMeta {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A Secret of type `kubernetes.io/tls`. */
export function tlsSecret({ certPem, keyPem, ...meta }: TlsSecretOptions) {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: namespacedMetadata(meta),
    type: "kubernetes.io/tls",
    data: { "tls.crt": base64(certPem), "tls.key": base64(keyPem) },
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
