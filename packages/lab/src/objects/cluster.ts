import { metadata } from "./meta.ts";
import type { Meta } from "./meta.ts";

export function namespace(meta: Meta) {
  return { apiVersion: "v1", kind: "Namespace", metadata: metadata(meta) };
}

export interface NodeOptions extends Meta {
  readonly addresses?: readonly string[];
  readonly podCIDRs?: readonly string[];
  /** `topology.kubernetes.io/zone` */
  readonly zone?: string;
  /** True when not given. */
  readonly ready?: boolean;
}

export function node({ addresses = [], podCIDRs = [], zone, ready = true, ...meta }: NodeOptions) {
  const labels = { ...(zone === undefined ? {} : { "topology.kubernetes.io/zone": zone }), ...meta.labels };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: metadata({ ...meta, labels }),
    spec: podCIDRs.length === 0 ? {} : { podCIDR: podCIDRs[0], podCIDRs },
    status: {
      addresses: addresses.map((address) => ({ type: "InternalIP", address })),
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    },
  };
}

export interface CarrickClusterOptions {
  readonly drain?: boolean;
  readonly weight?: number;
}

/** Carrick's record on the cluster that it stands in. */
export function clusterSelf(spec: CarrickClusterOptions = {}) {
  return { apiVersion: "carrick.dev/v1", kind: "Cluster", metadata: { name: "self" }, spec };
}
