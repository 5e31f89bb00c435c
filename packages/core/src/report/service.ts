import type { Affinity, ClusterName, EndpointCondition } from "../model/index.ts";

/** Answer of `GET /v1/service?service=…`: a Service as the nodes of one cluster are to serve it. */
export interface ServiceReport {
  readonly namespace: string;
  readonly name: string;
  /** Whose nodes. */
  readonly here: ClusterName;
  /** Every cluster of the mesh, sorted, whether or not it has the Service. */
  readonly clusters: readonly ServiceInCluster[];
  /** For each port that has an address, of each family. */
  readonly ports: readonly ServicePortReport[];
}

export interface ServiceInCluster {
  readonly cluster: ClusterName;
  /** Everything has been told that its endpoints depend on. */
  readonly known: boolean;
  readonly drain: boolean;
  readonly weight: number;
  /** Its endpoints are used by the nodes of `here`. */
  readonly member: boolean;
  /** Absent where it has none, or where it does not share it. */
  readonly service?: {
    readonly resourceVersion: string;
    readonly type: string;
    readonly addresses: readonly string[];
    /** Of a global Service: whether other clusters use its endpoints, and which endpoints it prefers itself. */
    readonly sharing?: { readonly shared: boolean; readonly affinity: Affinity };
  };
}

export interface ServicePortReport {
  /** The port's name, or its number where it has none. */
  readonly port: string;
  readonly number: number;
  readonly protocol: "TCP" | "UDP";
  readonly family: 4 | 6;
  /** Of the Service in `here`. */
  readonly addresses: readonly string[];
  readonly affinitySeconds: number;
  /** A cluster that may have endpoints has not been heard: what a node serves already is not made smaller. */
  readonly partial: boolean;
  /** All clusters with endpoints are being drained, so that none is left out. */
  readonly drainIgnored: boolean;
  readonly groups: readonly ServiceGroup[];
  /** Of all members, at most `MOST_ENDPOINTS`; those with a share first. */
  readonly endpoints: readonly ServiceEndpoint[];
  readonly moreEndpoints: number;
}

/** Endpoints of one cluster that are preferred alike. */
export interface ServiceGroup {
  readonly cluster: ClusterName;
  /** 0 is used first; the next only when nothing of those before it can take a connection. */
  readonly tier: number;
  /** Of each endpoint, against those of other clusters. */
  readonly weight: number;
  readonly endpoints: number;
  readonly drain: boolean;
  /** Of new connections, 0 to 1, while every cluster is healthy. */
  readonly share: number;
}

export interface ServiceEndpoint {
  readonly cluster: ClusterName;
  readonly address: string;
  readonly port: number;
  readonly condition: EndpointCondition;
  /** Empty where the endpoint is no pod. */
  readonly pod: string;
  readonly node: string;
  /** Of its group; absent where it is in none, so that it gets no new connections. */
  readonly tier?: number;
  /** Of new connections, 0 to 1. */
  readonly share: number;
}
