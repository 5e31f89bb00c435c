import { type KubeClient, KubeError, patchOrCreate, resourcePath } from "@carrick/kube";
import { CommandError, EXIT } from "../exit-code.ts";
import { CLUSTER_CRD, CLUSTERS } from "./cluster-crd.ts";

const DEFINITIONS = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" } as const;

/**
 * Creates the definition or brings it to this version, and waits until objects of its kind are served. Throws a
 * `KubeError`, or a `CommandError` if the kind is not served before `deadline` is aborted.
 */
export async function installClusterCrd(
  client: KubeClient,
  pause: (signal: AbortSignal) => Promise<void>,
  deadline: AbortSignal,
): Promise<void> {
  const { name } = CLUSTER_CRD.metadata;
  await patchOrCreate(client, DEFINITIONS, { name, patch: { spec: CLUSTER_CRD.spec }, whole: CLUSTER_CRD });
  while (!(await isServed(client))) {
    try {
      await pause(deadline);
    } catch (error) {
      if (!deadline.aborted) throw error;
      throw new CommandError(
        EXIT.wrong,
        `${name}: is installed but not served yet; look at its conditions with kubectl`,
      );
    }
  }
}

async function isServed(client: KubeClient): Promise<boolean> {
  try {
    await client.get(resourcePath(CLUSTERS), { query: { limit: 1 } });
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return false;
    throw error;
  }
}
