import type { ClusterName, Kind } from "./keys.ts";
import type { Problem } from "./problem.ts";

/** What every row that comes from an object carries. */
export interface ObjectRow {
  readonly cluster: ClusterName;
  /** Empty for cluster-wide objects. */
  readonly namespace: string;
  readonly name: string;
  /** Of the newest object seen; not part of the row's equality. */
  readonly resourceVersion: string;
  /**
   * Why the newest object was not (or not wholly) accepted. With `heldVersion`, the rest of the row is of the last
   * object that was.
   */
  readonly problems?: readonly Problem[];
  /** The resourceVersion of the last accepted object, where the newest was refused. */
  readonly heldVersion?: string;
}

/** Whether a source has told of all objects of a kind, now or from its copy on disk. Unknown is not absent. */
export interface SourceRow {
  readonly cluster: ClusterName;
  readonly kind: Kind;
  readonly known: boolean;
}

/** The object `Cluster/self` of a cluster: what its owner says of it. */
export interface ClusterRow extends ObjectRow {
  /** New connections go to other clusters, as long as one is left. */
  readonly drain: boolean;
  /** Relative to other clusters; 1 unless said otherwise. */
  readonly weight: number;
}

export interface NamespaceRow extends ObjectRow {
  readonly labels: Readonly<Record<string, string>>;
}

export interface NodeRow extends ObjectRow {
  readonly zone: string;
  readonly addresses: readonly string[];
  readonly podCidrs: readonly string[];
  readonly ready: boolean;
}

/** A pod that has an address. */
export interface WorkloadRow extends ObjectRow {
  readonly node: string;
  readonly ips: readonly string[];
  readonly serviceAccount: string;
  readonly ready: boolean;
}

export interface ServicePort {
  /** Empty where the Service has one port without a name. */
  readonly name: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  /** `kubernetes.io/h2c` and the like; empty where the Service says nothing. */
  readonly appProtocol: string;
}

/** Which endpoints of a global Service a cluster prefers: its own, those of the others, or none. */
export const AFFINITIES = ["none", "local", "remote"] as const;
export type Affinity = (typeof AFFINITIES)[number];

/** What a global Service says: one over all clusters that have it under the same namespace and name. */
export interface Sharing {
  /** Other clusters use its endpoints. */
  readonly shared: boolean;
  readonly affinity: Affinity;
}

export interface ServiceRow extends ObjectRow {
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";
  readonly clusterIps: readonly string[];
  readonly ports: readonly ServicePort[];
  /** Only of a global Service. */
  readonly sharing?: Sharing;
  /** How long a client stays with its endpoint after its last connection; absent: it does not. */
  readonly affinitySeconds?: number;
}

/** `draining`: terminating but still serving; used only when nothing is `ready`. */
export type EndpointCondition = "ready" | "draining" | "notReady";

export interface Endpoint {
  readonly address: string;
  readonly condition: EndpointCondition;
  readonly node: string;
  readonly zone: string;
  /** Name of the pod, in the namespace of the slice; empty where the endpoint is none. */
  readonly pod: string;
}

export interface SlicePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP" | "SCTP";
}

export interface SliceRow extends ObjectRow {
  /** Name of the Service, in the namespace of the slice. */
  readonly service: string;
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly Endpoint[];
}

export interface IngressClassRow extends ObjectRow {
  readonly controller: string;
  readonly isDefault: boolean;
}

export interface IngressBackend {
  readonly service: string;
  /** Name or number of a port of the Service. */
  readonly port: string | number;
}

export type PathType = "Exact" | "Prefix";

export interface IngressPath {
  readonly type: PathType;
  readonly path: string;
  readonly backend: IngressBackend;
  /** Where it stands in the object, for example `spec.rules[0].http.paths[1]`. */
  readonly at: string;
}

export interface IngressRule {
  /** Lower case; `*` where the rule names no host. */
  readonly host: string;
  readonly paths: readonly IngressPath[];
}

export interface IngressTls {
  readonly hosts: readonly string[];
  readonly secret: string;
  readonly at: string;
}

export interface IngressRow extends ObjectRow {
  /** The annotation `kubernetes.io/ingress.class` if present, else `spec.ingressClassName`; empty where neither is. */
  readonly className: string;
  /** By the annotation: compared to the configured names, no IngressClass object needed. */
  readonly classByAnnotation: boolean;
  /** Milliseconds since 1970: the older object wins a conflict. */
  readonly created: number;
  readonly rules: readonly IngressRule[];
  readonly defaultBackend?: IngressBackend;
  readonly tls: readonly IngressTls[];
}

/** A certificate with its key, checked to belong together. */
export interface SecretRow extends ObjectRow {
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly certificate: string;
  readonly key: SecretText;
  /** DNS names of the leaf certificate: lower case, sorted, each once; at least one where there is a certificate. */
  readonly names: readonly string[];
  /** Digest of certificate and key: secret text itself is not compared. */
  readonly fingerprint: string;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
  /** It could not be looked up yet, and `problems` say why: it may be there. */
  readonly unseen?: true;
}

/** Text that must not be printed. `reveal` is called only where the bytes leave for their owner. */
export interface SecretText {
  reveal(): string;
}
