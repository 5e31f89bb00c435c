import { type Base, type Index, index, same, type Store } from "../store/index.ts";
import type {
  ClusterRow,
  IngressClassRow,
  IngressRow,
  NamespaceRow,
  NodeRow,
  SecretRow,
  ServiceRow,
  SliceRow,
  SourceRow,
  WorkloadRow,
} from "./rows.ts";
import { type Kind, objectKey } from "./keys.ts";

/** The row of each kind of object. */
export interface RowOf {
  Cluster: ClusterRow;
  Namespace: NamespaceRow;
  Node: NodeRow;
  Pod: WorkloadRow;
  Service: ServiceRow;
  EndpointSlice: SliceRow;
  IngressClass: IngressClassRow;
  Ingress: IngressRow;
  Secret: SecretRow;
}

/** The base tables: one for each kind with the objects of all clusters under `<cluster>/<namespace>/<name>`. */
export type Tables = { readonly [K in Kind]: Base<RowOf[K]> } & { readonly sources: Base<SourceRow> };

/** The slices of a Service, by its `<cluster>/<namespace>/<name>`. */
export const sliceByService: Index<SliceRow> = index("service", (row) => [
  objectKey(row.cluster, row.namespace, row.service),
]);

/** Services whose endpoints other clusters use, by `<namespace>/<name>`. */
export const sharedService: Index<ServiceRow> = index("shared", (row) =>
  row.sharing?.shared === true ? [`${row.namespace}/${row.name}`] : [],
);

/** Services by each of their addresses, as `<cluster>/<address>`. Only nodes need it. */
export const serviceByAddress: Index<ServiceRow> = index("address", (row) =>
  row.type === "ExternalName" ? [] : row.clusterIps.map((address) => `${row.cluster}/${address}`),
);

/** Which Ingresses name a Secret, by its `<cluster>/<namespace>/<name>`. */
export const ingressBySecret: Index<IngressRow> = index("secret", (row) => [
  ...new Set(row.tls.map((tls) => objectKey(row.cluster, row.namespace, tls.secret))),
]);

/** The default IngressClass of a cluster, by the cluster's name. */
export const defaultClass: Index<IngressClassRow> = index("default", (row) => (row.isDefault ? [row.cluster] : []));

/** What one source knows, by kind. */
export const sourceByKind: Index<SourceRow> = index("kind", (row) => [row.kind]);

/** What one cluster's sources know, by the cluster's name. */
export const sourceByCluster: Index<SourceRow> = index("cluster", (row) => [row.cluster]);

/** Workloads by `<cluster>/<ip>`. */
export const workloadByAddress: Index<WorkloadRow> = index("address", (row) =>
  row.ips.map((ip) => `${row.cluster}/${ip}`),
);

/** `services`: further indexes of Services. */
export function defineTables(store: Store, services: readonly Index<ServiceRow>[] = []): Tables {
  return {
    sources: store.table<SourceRow>("sources", [sourceByKind, sourceByCluster], same),
    Cluster: store.table<ClusterRow>("clusters", [], sameObject),
    Namespace: store.table<NamespaceRow>("namespaces", [], sameObject),
    Node: store.table<NodeRow>("nodes", [], sameObject),
    Pod: store.table<WorkloadRow>("workloads", [workloadByAddress], sameObject),
    Service: store.table<ServiceRow>("services", [sharedService, ...services], sameObject),
    EndpointSlice: store.table<SliceRow>("slices", [sliceByService], sameObject),
    IngressClass: store.table<IngressClassRow>("ingress-classes", [defaultClass], sameObject),
    Ingress: store.table<IngressRow>("ingresses", [ingressBySecret], sameObject),
    Secret: store.table<SecretRow>("secrets", [], sameObject),
  };
}

/** A new resourceVersion alone is no change. */
function sameObject<T extends { readonly resourceVersion: string }>(a: T, b: T): boolean {
  return same(a, a.resourceVersion === b.resourceVersion ? b : { ...b, resourceVersion: a.resourceVersion });
}
