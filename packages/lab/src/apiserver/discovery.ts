/** What the server says it serves: group lists, resource lists, and both in one document (apidiscovery.k8s.io/v2). */
import { ApiError } from "./api-error.ts";
import type { Form } from "./accept.ts";
import type { RequestPath } from "./request-path.ts";
import { groupVersion } from "./resource.ts";
import type { Resource } from "./resource.ts";

const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const STATUS_VERBS = ["get", "patch", "update"];

export const VERSION = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.0+carrick.embedded",
  gitCommit: "",
  gitTreeState: "",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: "carrick/embedded",
};

/** Throws an `ApiError` with code 404 for a group or version that is not served. */
export function discovery(
  path: Extract<RequestPath, { kind: "groups" | "resources" }>,
  resources: readonly Resource[],
  form: Form,
): object {
  if (path.kind === "resources") return resourceList(path, resources);
  if (path.group !== undefined) {
    const served = resources.filter(({ group }) => group === path.group);
    if (served.length === 0) throw notServed();
    return { kind: "APIGroup", apiVersion: "v1", ...apiGroup(path.group, served) };
  }
  const groups = Map.groupBy(
    resources.filter(({ group }) => (group === "") === (path.root === "api")),
    ({ group }) => group,
  );
  if (form === "discovery") {
    const items = Array.from(groups, ([name, served]) => aggregated(name, served));
    return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
  }
  if (path.root === "api") return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
  return {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: Array.from(groups, ([name, served]) => apiGroup(name, served)),
  };
}

function notServed(): ApiError {
  return new ApiError(404, "the server could not find the requested resource");
}

function apiGroup(name: string, served: readonly Resource[]): object {
  const versions = [...new Set(served.map(({ version }) => version))].map((version) => ({
    groupVersion: groupVersion({ group: name, version }),
    version,
  }));
  return { name, versions, preferredVersion: versions[0] };
}

function resourceList(
  of: { readonly group: string; readonly version: string },
  resources: readonly Resource[],
): object {
  const served = resources.filter(({ group, version }) => group === of.group && version === of.version);
  if (served.length === 0) throw notServed();
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: groupVersion(of),
    resources: served.flatMap((resource) => {
      const { plural, singular, kind, namespaced, shortNames, categories } = resource;
      const own = { name: plural, singularName: singular, namespaced, kind, verbs: VERBS, shortNames, categories };
      const status = { name: `${plural}/status`, singularName: "", namespaced, kind, verbs: STATUS_VERBS };
      return resource.status ? [own, status] : [own];
    }),
  };
}

function aggregated(name: string, served: readonly Resource[]): object {
  const versions = Map.groupBy(served, ({ version }) => version);
  return {
    metadata: name === "" ? {} : { name },
    versions: Array.from(versions, ([version, resources]) => ({
      version,
      freshness: "Current",
      resources: resources.map((resource) => {
        const responseKind = { group: resource.group, version, kind: resource.kind };
        return {
          resource: resource.plural,
          responseKind,
          scope: resource.namespaced ? "Namespaced" : "Cluster",
          singularResource: resource.singular,
          verbs: VERBS,
          shortNames: resource.shortNames,
          categories: resource.categories,
          subresources: resource.status ? [{ subresource: "status", responseKind, verbs: STATUS_VERBS }] : [],
        };
      }),
    })),
  };
}
