declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** The name by which Carrick knows a cluster: unique in the mesh. */
export type ClusterName = string;

/** `<cluster>/<namespace>/<name>`; the namespace of a cluster-wide object is empty. */
export type ObjectKey = Branded<"ObjectKey">;

/** `<cluster>/<namespace>/<name>` of a Service. */
export type ServiceKey = ObjectKey;

/** `<cluster>/<kind>`: what one source knows of one kind of object. */
export type SourceKey = Branded<"SourceKey">;

export function objectKey(cluster: ClusterName, namespace: string, name: string): ObjectKey {
  return `${cluster}/${namespace}/${name}` as ObjectKey;
}

export function sourceKey(cluster: ClusterName, kind: Kind): SourceKey {
  return `${cluster}/${kind}` as SourceKey;
}

/** The kinds that are read from each cluster. */
export const KINDS = [
  "Cluster",
  "Namespace",
  "Node",
  "Pod",
  "Service",
  "EndpointSlice",
  "IngressClass",
  "Ingress",
  "Secret",
] as const;
export type Kind = (typeof KINDS)[number];

/** Names one object of one cluster, as a person would look it up. */
export interface ObjectRef {
  readonly cluster: ClusterName;
  readonly kind: Kind;
  /** Empty for cluster-wide objects. */
  readonly namespace: string;
  readonly name: string;
}

/** Of the object that a key names. */
export function refOfKey(kind: Kind, key: ObjectKey): ObjectRef {
  const [cluster = "", namespace = "", name = ""] = key.split("/");
  return { cluster, kind, namespace, name };
}

/** `london: Ingress shop/web`, `london: IngressClass carrick`. */
export function refText(ref: ObjectRef): string {
  return `${ref.cluster}: ${ref.kind} ${ref.namespace === "" ? "" : `${ref.namespace}/`}${ref.name}`;
}
