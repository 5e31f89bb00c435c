import { type Access, openAccess } from "@carrick/kube";
import type { ConfiguredCluster } from "../config/controller-config.ts";
import { usageError } from "../exit-code.ts";

export interface AccessFlags {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/**
 * The operator's way into a cluster: by the flags, else as the controller's configuration file has it, else by the
 * context of the kubeconfig that is named like the cluster. Never by the current context alone: it may be another cluster.
 */
export function accessOf(
  cluster: string,
  flags: AccessFlags,
  configured: readonly ConfiguredCluster[] | undefined,
): Access {
  if (flags.kubeconfig !== undefined || flags.context !== undefined || configured === undefined) {
    return openAccess({
      context: flags.context ?? cluster,
      ...(flags.kubeconfig !== undefined && { kubeconfig: flags.kubeconfig }),
    });
  }
  const entry = configured.find(({ name }) => name === cluster);
  if (entry === undefined) {
    const known = configured.map(({ name }) => name).join(", ");
    throw usageError(`the configuration file has no cluster "${cluster}"; use one of ${known}, or give --context`);
  }
  if (entry.files !== undefined) {
    throw usageError(
      `${cluster}: is read from ${entry.files} and has no API server; set spec.drain in its object Cluster/self there`,
    );
  }
  return openAccess(entry.kubernetes ?? {});
}
