/** The kinds that the server knows without a CustomResourceDefinition. */
import { AGE, COLUMNS, NAME } from "./columns.ts";
import type { Resource } from "./resource.ts";

type Row = Pick<Resource, "group" | "version" | "plural" | "kind"> & Partial<Resource>;

function resource(row: Row): Resource {
  return {
    singular: row.kind.toLowerCase(),
    listKind: `${row.kind}List`,
    shortNames: [],
    categories: [],
    namespaced: true,
    status: false,
    generation: false,
    newStatus: undefined,
    fields: [],
    columns: COLUMNS[row.plural] ?? [NAME, AGE],
    ...row,
  };
}

const INVOLVED = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];

export const CUSTOM_RESOURCE_DEFINITIONS: Resource = resource({
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  shortNames: ["crd", "crds"],
  namespaced: false,
  status: true,
  generation: true,
});

export const BUILT_IN_RESOURCES: readonly Resource[] = [
  resource({
    group: "",
    version: "v1",
    plural: "namespaces",
    kind: "Namespace",
    shortNames: ["ns"],
    namespaced: false,
    status: true,
    newStatus: { phase: "Active" },
    fields: ["status.phase"],
  }),
  resource({
    group: "",
    version: "v1",
    plural: "nodes",
    kind: "Node",
    shortNames: ["no"],
    namespaced: false,
    status: true,
    newStatus: "kept",
    fields: ["spec.unschedulable"],
  }),
  resource({
    group: "",
    version: "v1",
    plural: "pods",
    kind: "Pod",
    shortNames: ["po"],
    categories: ["all"],
    status: true,
    generation: true,
    newStatus: { phase: "Pending" },
    fields: ["spec.nodeName", "spec.serviceAccountName", "status.phase", "status.podIP"],
  }),
  resource({
    group: "",
    version: "v1",
    plural: "services",
    kind: "Service",
    shortNames: ["svc"],
    categories: ["all"],
    status: true,
    newStatus: { loadBalancer: {} },
    fields: ["spec.clusterIP", "spec.type"],
  }),
  resource({ group: "", version: "v1", plural: "secrets", kind: "Secret", fields: ["type"] }),
  resource({ group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", shortNames: ["cm"] }),
  resource({ group: "", version: "v1", plural: "serviceaccounts", kind: "ServiceAccount", shortNames: ["sa"] }),
  resource({
    group: "",
    version: "v1",
    plural: "events",
    kind: "Event",
    shortNames: ["ev"],
    fields: [...INVOLVED.map((field) => `involvedObject.${field}`), "reason", "type", "reportingComponent", "source"],
  }),
  resource({
    group: "discovery.k8s.io",
    version: "v1",
    plural: "endpointslices",
    kind: "EndpointSlice",
    generation: true,
  }),
  resource({
    group: "networking.k8s.io",
    version: "v1",
    plural: "ingresses",
    kind: "Ingress",
    shortNames: ["ing"],
    status: true,
    generation: true,
    newStatus: { loadBalancer: {} },
  }),
  resource({
    group: "networking.k8s.io",
    version: "v1",
    plural: "ingressclasses",
    kind: "IngressClass",
    namespaced: false,
    generation: true,
  }),
  resource({ group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease" }),
  CUSTOM_RESOURCE_DEFINITIONS,
];
