import { join } from "node:path";
import { AccessError } from "./access-error.ts";
import { bearerOfFile } from "./bearer-token.ts";
import type { Reload } from "./cached-access.ts";
import { readCredentialFile } from "./credential-file.ts";

export interface InCluster {
  /** Address of the API server; default: `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`. */
  readonly server?: string | undefined;
  /** Folder with `token` and `ca.crt`; default: `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly folder?: string | undefined;
}

/** Reads the service account of the pod that this process runs in. */
export function readInCluster(
  { server, folder = "/var/run/secrets/kubernetes.io/serviceaccount" }: InCluster,
  env: Readonly<Record<string, string | undefined>>,
): Reload {
  const tokenFile = join(folder, "token");
  const caFile = join(folder, "ca.crt");
  return async () => {
    const address = server ?? serviceAddress(env);
    const url = URL.parse(address);
    if (url === null) {
      throw new AccessError("malformed", `in-cluster: "${address}" is no address of an API server: correct it`);
    }
    return {
      files: [tokenFile, caFile],
      endpoint: {
        server: url,
        ca: await readCredentialFile(caFile, "API server's certificate authority"),
        insecure: false,
      },
      authorization: await bearerOfFile(tokenFile),
      impersonate: {},
    };
  };
}

function serviceAddress(env: Readonly<Record<string, string | undefined>>): string {
  const host = env["KUBERNETES_SERVICE_HOST"];
  if (host === undefined) {
    throw new AccessError(
      "missing",
      "in-cluster: KUBERNETES_SERVICE_HOST is not set: run in a pod, or give the API server's address or a kubeconfig",
    );
  }
  return `https://${host.includes(":") ? `[${host}]` : host}:${env["KUBERNETES_SERVICE_PORT"] ?? "443"}`;
}
