import { stringify } from "yaml";

export interface KubeconfigOptions {
  /** Cluster, user and context are called so. */
  readonly name: string;
  readonly url: string;
  readonly caPem: string | undefined;
  readonly token: string | undefined;
}

/** A kubeconfig with one context, as YAML. */
export function kubeconfig({ name, url, caPem, token }: KubeconfigOptions): string {
  const ca = caPem === undefined ? {} : { "certificate-authority-data": Buffer.from(caPem).toString("base64") };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: url, ...ca } }],
    users: [{ name, user: token === undefined ? {} : { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}
