import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { type Access, CachedAccess } from "./cached-access.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type InCluster, readInCluster } from "./in-cluster.ts";
import { readKubeconfigAccess } from "./kubeconfig-access.ts";

/** Where credentials come from. */
export type AccessOptions = (
  | {
      /** Path of a kubeconfig; default: the files of `KUBECONFIG`, else `~/.kube/config`. */
      readonly kubeconfig?: string | undefined;
      /** Default: its current-context. */
      readonly context?: string | undefined;
    }
  | ({
      /** The service account of the pod that this process runs in. */
      readonly inCluster: true;
    } & InCluster)
) & {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  /** How long an exec plugin may run; default 60 s. */
  readonly pluginTimeoutMs?: number;
};

/** Access whose files are read at the first use, so that a cluster with broken credentials can heal. Never throws. */
export function openAccess(options: AccessOptions): Access {
  const clock = options.clock ?? systemClock;
  const env = options.env ?? process.env;
  if ("inCluster" in options) return new CachedAccess("in-cluster", readInCluster(options, env), clock);
  const { context, kubeconfig, pluginTimeoutMs = 60_000 } = options;
  const paths = kubeconfig === undefined ? defaultKubeconfigs(env) : [kubeconfig];
  const name = `${paths.join(delimiter)}${context === undefined ? "" : ` (${context})`}`;
  return new CachedAccess(name, readKubeconfigAccess({ paths, context, clock, pluginTimeoutMs }), clock);
}

/** Access that can be used now: throws an `AccessError` if the credentials cannot be read or have expired. */
export async function loadAccess(options: AccessOptions): Promise<Access> {
  const access = openAccess(options);
  await access.current();
  return access;
}

function defaultKubeconfigs(env: Readonly<Record<string, string | undefined>>): string[] {
  const listed = (env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  return listed.length > 0 ? listed : [join(env["HOME"] ?? homedir(), ".kube", "config")];
}
