/** Rows of a cluster as the messages in which they travel to nodes and peers; `ingest/mesh` reads them. */
import { create } from "@bufbuild/protobuf";
import {
  Affinity as AffinityValue,
  ClusterSchema,
  Condition,
  Protocol,
  ServiceSchema,
  SliceSchema,
} from "@carrick/proto/carrick/mesh/v1/mesh_pb.js";
import ipaddr from "ipaddr.js";
import type { Affinity, ClusterRow, EndpointCondition, ServicePort, ServiceRow, SliceRow } from "../../model/index.ts";
import { encode } from "../resource.ts";

const PROTOCOLS: Readonly<Record<ServicePort["protocol"], Protocol>> = {
  TCP: Protocol.TCP,
  UDP: Protocol.UDP,
  SCTP: Protocol.SCTP,
};

const AFFINITIES: Readonly<Record<Affinity, AffinityValue>> = {
  none: AffinityValue.NONE,
  local: AffinityValue.LOCAL,
  remote: AffinityValue.REMOTE,
};

const CONDITIONS: Readonly<Record<EndpointCondition, Condition>> = {
  ready: Condition.READY,
  draining: Condition.DRAINING,
  notReady: Condition.NOT_READY,
};

export function clusterMessage(name: string, { drain, weight }: Pick<ClusterRow, "drain" | "weight">): Uint8Array {
  return encode(ClusterSchema, create(ClusterSchema, { name, drain, weight }));
}

export function serviceMessage({
  namespace,
  name,
  ports,
  clusterIps,
  sharing,
  affinitySeconds,
}: ServiceRow): Uint8Array {
  const message = create(ServiceSchema, {
    namespace,
    name,
    ports: ports.map(portMessage),
    addresses: clusterIps.map(addressBytes),
    ...(sharing && { sharing: { shared: sharing.shared, affinity: AFFINITIES[sharing.affinity] } }),
    affinitySeconds: affinitySeconds ?? 0,
  });
  return encode(ServiceSchema, message);
}

/** Endpoints in the order of their addresses: another order of the same ones is no change. */
export function sliceMessage({ namespace, name, service, ports, endpoints }: SliceRow): Uint8Array {
  const message = create(SliceSchema, {
    namespace,
    name,
    service,
    ports: ports.map(portMessage),
    endpoints: endpoints
      .toSorted((a, b) => (a.address < b.address ? -1 : 1))
      .map(({ address, condition, node, zone, pod }) => ({
        address: addressBytes(address),
        condition: CONDITIONS[condition],
        node,
        zone,
        pod,
      })),
  });
  return encode(SliceSchema, message);
}

function portMessage({ name, port, protocol }: Pick<ServicePort, "name" | "port" | "protocol">) {
  return { name, port, protocol: PROTOCOLS[protocol] };
}

function addressBytes(address: string): Uint8Array {
  return Uint8Array.from(ipaddr.parse(address).toByteArray());
}
