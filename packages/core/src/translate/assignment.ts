import { create } from "@bufbuild/protobuf";
import { ClusterLoadAssignmentSchema } from "@carrick/proto/envoy/config/endpoint/v3/endpoint_pb.js";
import type { Selection } from "../derive/index.ts";
import { encode } from "./resource.ts";
import { socketAddress } from "./socket-address.ts";

/** The endpoints of a backend set: a locality for each cluster, so that every endpoint says where it is. */
export function assignmentBytes(name: string, { groups }: Selection): Uint8Array {
  // Equal weights are Envoy's default and need no bytes.
  const weighted = groups.some((group) => group.weight !== groups[0]!.weight);
  return encode(
    ClusterLoadAssignmentSchema,
    create(ClusterLoadAssignmentSchema, {
      clusterName: name,
      endpoints: groups.map((group) => ({
        locality: { region: group.cluster },
        priority: group.priority,
        lbEndpoints: group.endpoints.map(({ address, port }) => ({
          hostIdentifier: {
            case: "endpoint" as const,
            value: { address: socketAddress(address, port) },
          },
          ...(weighted && { loadBalancingWeight: group.weight }),
        })),
      })),
    }),
  );
}
