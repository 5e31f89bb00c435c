import { type KubeClient, KubeError, patchOrCreate, resourcePath } from "@carrick/kube";
import { CLUSTERS } from "../crds/cluster-crd.ts";
import { kubeFailure } from "../credentials/kube-failure.ts";
import { usageError } from "../exit-code.ts";

/** The object of a cluster in which its owner says that it is drained. */
const NAME = "self";
const REASON = "carrick.dev/drain-reason";

/**
 * Writes the drain into the cluster's own `Cluster/self`, creating it if it is not there; everything else in it stays.
 * Returns whether that changed anything. Throws a `CommandError`.
 */
export async function recordDrain(
  client: KubeClient,
  cluster: string,
  drain: boolean,
  reason: string | undefined,
): Promise<boolean> {
  try {
    const found = await existing(client);
    // Without the object a cluster is not drained.
    if (found === undefined && !drain) return await requireServed(client);
    if (found?.drain === drain && (reason === undefined || found.reason === reason)) return false;
    const annotations = { [REASON]: reason ?? null };
    await patchOrCreate(client, CLUSTERS, {
      name: NAME,
      patch: { metadata: { annotations }, spec: { drain } },
      whole: {
        apiVersion: `${CLUSTERS.group}/${CLUSTERS.version}`,
        kind: "Cluster",
        metadata: { name: NAME, ...(reason !== undefined && { annotations }) },
        spec: { drain },
      },
    });
    return true;
  } catch (error) {
    throw error instanceof KubeError && error.status === 404 ? crdMissing(cluster, error) : kubeFailure(cluster, error);
  }
}

interface Found {
  readonly drain: boolean;
  readonly reason: unknown;
}

async function existing(client: KubeClient): Promise<Found | undefined> {
  try {
    const object = await client.get(resourcePath(CLUSTERS, NAME));
    const spec = fieldsOf(object["spec"]);
    const annotations = fieldsOf(fieldsOf(object["metadata"])["annotations"]);
    return { drain: spec["drain"] === true, reason: annotations[REASON] };
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}

/** Nothing changed, but only if the API server knows the kind at all; throws its `KubeError` of status 404 if not. */
async function requireServed(client: KubeClient): Promise<false> {
  await client.get(resourcePath(CLUSTERS), { query: { limit: 1 } });
  return false;
}

function crdMissing(cluster: string, cause: unknown): Error {
  return usageError(
    `${cluster}: its API server does not know ${CLUSTERS.plural}.${CLUSTERS.group}; install it with \`carrick crds --apply --context ${cluster}\``,
    cause,
  );
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
