import { type ClusterName, objectKey, type ServiceRow, type Tables } from "../../model/index.ts";
import { type Reader, same, type Store, type Table } from "../../store/index.ts";
import type { ClusterState } from "../cluster-states.ts";
import { candidatesOf, membersOf, portName, portNamed } from "../members.ts";
import { type Group, type Member, select } from "../select.ts";
import { hasFamily } from "./frontends.ts";
import { familyOf, type ImageKey, imageKey } from "./image-key.ts";

/** Who takes the connections to a port of a Service, as the kernel is to know it. */
export interface ImageRow {
  readonly key: ImageKey;
  /** Sorted by cluster; empty: connections are refused at once. */
  readonly groups: readonly Group[];
  /** Endpoints that terminate but still serve: they keep what they have and get nothing new. Sorted. */
  readonly draining: readonly DrainingEndpoint[];
  /** How long a client stays with its endpoint; 0: it does not. */
  readonly affinitySeconds: number;
  /** A cluster that may have endpoints has not been heard: there may be more. What is in use is not made smaller. */
  readonly partial: boolean;
}

export interface DrainingEndpoint {
  readonly cluster: ClusterName;
  readonly address: string;
  readonly port: number;
}

/**
 * The images of the Services of one cluster that have an address. A cluster that is being drained is in them like the
 * others: that it gets no new connections is said once for the whole cluster, beside all images.
 */
export function images(store: Store, tables: Tables, states: Table<ClusterState>, here: ClusterName): Table<ImageRow> {
  return store.view<ServiceRow, ImageRow>(
    "mesh/images",
    tables.Service,
    (service, _, read) => {
      if (service.cluster !== here) return [];
      const rows = imagesOf(service, tables, read, (cluster) => read.get(states, cluster));
      return rows.map((row): [ImageKey, ImageRow] => [row.key, row]);
    },
    same,
  );
}

/** The images of one Service in its cluster: one for each port and family. */
export function imagesOf(
  service: ServiceRow,
  tables: Tables,
  read: Reader,
  stateOf: (cluster: ClusterName) => ClusterState | undefined,
): ImageRow[] {
  if (service.type === "ExternalName" || service.clusterIps.length === 0) return [];
  const { cluster: here, namespace, name, sharing } = service;
  const membership = membersOf(namespace, name, [here], tables, read);
  const clusters = membership.clusters.map((cluster) => ({
    cluster,
    state: stateOf(cluster),
    service: read.get(tables.Service, objectKey(cluster, namespace, name)),
  }));
  const partial = membership.partial || clusters.some(({ state }) => state?.endpointsKnown !== true);
  return service.ports.flatMap((port) => {
    const { protocol } = port;
    if (protocol === "SCTP") return [];
    const all = clusters.map(({ cluster, state, service: theirs }): Member => {
      const same = portNamed(theirs, portName(port), protocol);
      const endpoints = theirs && same ? candidatesOf(theirs, same, tables, read) : [];
      return { cluster, weight: state?.weight ?? 1, drain: false, endpoints };
    });
    return ([4, 6] as const)
      .filter((family) => hasFamily(service, family))
      .map((family): ImageRow => {
        const key = imageKey(namespace, name, portName(port), protocol, family);
        const members = all.map((member) => ({
          ...member,
          endpoints: member.endpoints.filter(({ address }) => familyOf(address) === family),
        }));
        const { groups } = select(members, { here, affinity: sharing?.affinity ?? "none" });
        const draining = drainingOf(members, groups);
        return { key, groups, draining, affinitySeconds: service.affinitySeconds ?? 0, partial };
      });
  });
}

/** Those that terminate and were not chosen for want of better ones. */
function drainingOf(members: readonly Member[], groups: readonly Group[]): DrainingEndpoint[] {
  const text = (address: string, port: number) => `${address} ${port}`;
  const chosen = new Set(groups.flatMap((group) => group.endpoints.map(({ address, port }) => text(address, port))));
  const found = new Map<string, DrainingEndpoint>();
  for (const { cluster, endpoints } of members) {
    for (const { address, port, condition } of endpoints) {
      if (condition === "draining" && !chosen.has(text(address, port))) {
        found.set(text(address, port), { cluster, address, port });
      }
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
}
