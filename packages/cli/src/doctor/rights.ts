import { type KubeClient, KubeError, type ResourceRef, resourcePath } from "@carrick/kube";
import type { Kind } from "@carrick/core/model";
import { CLUSTERS } from "../crds/cluster-crd.ts";
import { type Check, ok, problem, warning } from "@carrick/core/report";

/** What the controller lists and watches in the whole cluster. It reads Secrets one by one, by the names that Ingresses give. */
const READ: Readonly<Record<Exclude<Kind, "Secret">, ResourceRef>> = {
  Cluster: CLUSTERS,
  Namespace: { group: "", version: "v1", plural: "namespaces" },
  Node: { group: "", version: "v1", plural: "nodes" },
  Pod: { group: "", version: "v1", plural: "pods" },
  Service: { group: "", version: "v1", plural: "services" },
  EndpointSlice: { group: "discovery.k8s.io", version: "v1", plural: "endpointslices" },
  IngressClass: { group: "networking.k8s.io", version: "v1", plural: "ingressclasses" },
  Ingress: { group: "networking.k8s.io", version: "v1", plural: "ingresses" },
};
const SECRETS: ResourceRef = { group: "", version: "v1", plural: "secrets" };
const REVIEWS: ResourceRef = { group: "authorization.k8s.io", version: "v1", plural: "selfsubjectaccessreviews" };
const VERBS = ["list", "watch"] as const;

/** Whether the credentials may list and watch each kind. An API server without access reviews is asked for one object of each. */
export async function checkRights(area: string, client: KubeClient): Promise<Check[]> {
  const review = (resource: ResourceRef, verb: string) => mayByReview(client, resource, verb);
  const offered = (await review(READ.Ingress, "list")) !== undefined;
  const may = offered ? review : (resource: ResourceRef) => mayList(client, resource);
  const verbs = offered ? VERBS : (["list"] as const);
  const missing = await missingRights(Object.values(READ), verbs, may);
  const secrets = await missingRights([SECRETS], verbs, may);
  const grant = `grant ${verbs.join(" and ")} on them to the controller's credentials`;
  return [
    missing.length === 0
      ? ok(area, `may ${verbs.join(" and ")} every kind that the controller reads`)
      : problem(area, `may not ${missing.join(", ")}`, grant),
    ...(secrets.length === 0
      ? []
      : [
          warning(
            area,
            `may not ${secrets.join(", ")} in every namespace`,
            "grant it, or name each TLS Secret that Ingresses use in a Role",
          ),
        ]),
  ];
}

async function missingRights(
  resources: readonly ResourceRef[],
  verbs: readonly string[],
  may: (resource: ResourceRef, verb: string) => Promise<boolean | undefined>,
): Promise<string[]> {
  const wanted = resources.flatMap((resource) => verbs.map((verb) => ({ resource, verb })));
  const answers = await Promise.all(wanted.map(async ({ resource, verb }) => await may(resource, verb)));
  return wanted.flatMap(({ resource, verb }, i) => (answers[i] === false ? [`${verb} ${resource.plural}`] : []));
}

/** The API server's own word, or `undefined` if it offers no such reviews. */
async function mayByReview(
  client: KubeClient,
  { group, version, plural }: ResourceRef,
  verb: string,
): Promise<boolean | undefined> {
  const spec = { resourceAttributes: { group, version, resource: plural, verb } };
  try {
    const answer = await client.create(resourcePath(REVIEWS), {
      apiVersion: `${REVIEWS.group}/${REVIEWS.version}`,
      kind: "SelfSubjectAccessReview",
      spec,
    });
    const { status } = answer;
    return typeof status === "object" && status !== null && "allowed" in status && status.allowed === true;
  } catch (error) {
    if (error instanceof KubeError && [403, 404, 405].includes(error.status)) return undefined;
    throw error;
  }
}

async function mayList(client: KubeClient, resource: ResourceRef): Promise<boolean> {
  try {
    await client.get(resourcePath(resource), { query: { limit: 1 } });
    return true;
  } catch (error) {
    if (!(error instanceof KubeError) || error.status === 0) throw error;
    // A kind that is not served is another finding.
    return error.status === 404;
  }
}
