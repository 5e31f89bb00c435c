import type { Kind } from "@carrick/core/model";
import type { ResourceRef } from "@carrick/kube";

/** Where each kind is found in a Kubernetes API. */
export const API_RESOURCES: Readonly<Record<Kind, ResourceRef>> = {
  Cluster: { group: "carrick.dev", version: "v1", plural: "clusters" },
  Namespace: { group: "", version: "v1", plural: "namespaces" },
  Node: { group: "", version: "v1", plural: "nodes" },
  Pod: { group: "", version: "v1", plural: "pods" },
  Service: { group: "", version: "v1", plural: "services" },
  EndpointSlice: { group: "discovery.k8s.io", version: "v1", plural: "endpointslices" },
  IngressClass: { group: "networking.k8s.io", version: "v1", plural: "ingressclasses" },
  Ingress: { group: "networking.k8s.io", version: "v1", plural: "ingresses" },
  Secret: { group: "", version: "v1", plural: "secrets" },
};

/** The one object of a kind that counts, where there is only one. */
export const ONLY_OBJECT: Partial<Readonly<Record<Kind, string>>> = { Cluster: "self" };
