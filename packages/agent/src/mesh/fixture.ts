/** What controllers tell nodes, in short. */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  Affinity,
  ClusterSchema,
  Condition,
  KnowledgeSchema,
  Protocol,
  ServiceSchema,
  SliceSchema,
} from "@carrick/proto/carrick/mesh/v1/mesh_pb.js";
import { MESH_TYPE } from "@carrick/core/translate/mesh";
import { addressBytes } from "../bpf/index.ts";
import type { NodeUpdate } from "./node-tables.ts";

export function update(
  type: keyof typeof MESH_TYPE,
  bodies: Readonly<Record<string, Uint8Array>>,
  removed: readonly string[] = [],
): NodeUpdate {
  return {
    type: MESH_TYPE[type],
    resources: Object.entries(bodies).map(([name, body]) => ({ name, body })),
    removed,
  };
}

/** Addresses are those that clients in the cluster dial; without, its nodes have no image. */
export interface ServiceOptions {
  readonly name?: string;
  readonly addresses?: readonly string[];
  readonly affinity?: Affinity;
  /** Other clusters use its endpoints. */
  readonly shared?: boolean;
  readonly affinitySeconds?: number;
  readonly protocol?: Protocol;
}

/** A global Service of namespace `shop`, with port 80 called `http`. */
export function serviceOf(cluster: string, options: ServiceOptions = {}): NodeUpdate {
  const { name = "cart", addresses = [], affinity = Affinity.NONE, shared = true, affinitySeconds = 0 } = options;
  const message = create(ServiceSchema, {
    namespace: "shop",
    name,
    ports: [{ name: "http", port: 80, protocol: options.protocol ?? Protocol.TCP }],
    addresses: addresses.map(shortBytes),
    sharing: { shared, affinity },
    affinitySeconds,
  });
  return update("service", { [`${cluster}/shop/${name}`]: toBinary(ServiceSchema, message) });
}

/** Endpoints as `address` or `address draining`; the port of the pods is 8080. */
export function sliceOf(
  cluster: string,
  endpoints: readonly string[],
  name = "cart",
  protocol = Protocol.TCP,
): NodeUpdate {
  const message = create(SliceSchema, {
    namespace: "shop",
    name: `${name}-1`,
    service: name,
    ports: [{ name: "http", port: 8080, protocol }],
    endpoints: endpoints.map((text) => {
      const [address = "", condition] = text.split(" ");
      return {
        address: shortBytes(address),
        condition: condition === "draining" ? Condition.DRAINING : Condition.READY,
      };
    }),
  });
  return update("slice", { [`${cluster}/shop/${name}-1`]: toBinary(SliceSchema, message) });
}

export function clusterOf(name: string, { drain = false, weight = 1 } = {}): NodeUpdate {
  return update("cluster", { [name]: toBinary(ClusterSchema, create(ClusterSchema, { name, drain, weight })) });
}

export function knowledge(cluster: string, known: boolean): NodeUpdate {
  return update("knowledge", { [cluster]: toBinary(KnowledgeSchema, create(KnowledgeSchema, { cluster, known })) });
}

/** 4 or 16 bytes. */
function shortBytes(address: string): Uint8Array {
  const bytes = addressBytes(address);
  return address.includes(":") ? bytes : bytes.subarray(12);
}
