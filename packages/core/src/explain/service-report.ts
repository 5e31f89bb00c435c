import { candidatesOf, clusterState, membersOf, portName, portNamed } from "../derive/index.ts";
import { familyOf, type ImageRow, imageKey, imagesOf } from "../derive/mesh/index.ts";
import {
  type ClusterName,
  objectKey,
  type ServicePort,
  type ServiceRow,
  sliceByService,
  sourceByKind,
  type Tables,
} from "../model/index.ts";
import type { ServiceEndpoint, ServiceInCluster, ServicePortReport, ServiceReport } from "../report/index.ts";
import type { Reader } from "../store/index.ts";
import { shares } from "./shares.ts";

export const MOST_ENDPOINTS = 1000;

/** Reads that nothing depends on. */
const READ: Reader = { get: (table, key) => table.get(key), by: (table, index, term) => table.by(index, term) };

/** A Service as the nodes of a cluster serve it; `undefined` if no cluster of the mesh has it. */
export function serviceReport(
  tables: Tables,
  here: ClusterName,
  namespace: string,
  name: string,
): ServiceReport | undefined {
  const names = new Set(tables.sources.by(sourceByKind, "Service").map(({ cluster }) => cluster));
  const members = new Set(membersOf(namespace, name, [here], tables, READ).clusters);
  const clusters = [...names].sort().map((cluster) => inCluster(tables, cluster, namespace, name, members));
  if (clusters.every(({ service }) => service === undefined)) return undefined;
  const own = tables.Service.get(objectKey(here, namespace, name));
  return { namespace, name, here, clusters, ports: own === undefined ? [] : portsOf(own, tables, clusters) };
}

function inCluster(
  tables: Tables,
  cluster: ClusterName,
  namespace: string,
  name: string,
  members: ReadonlySet<ClusterName>,
): ServiceInCluster {
  const { endpointsKnown, drain, weight } = clusterState(cluster, tables, READ);
  const row = tables.Service.get(objectKey(cluster, namespace, name));
  return {
    cluster,
    known: endpointsKnown,
    drain,
    weight,
    member: row !== undefined && members.has(cluster),
    ...(row !== undefined && {
      service: {
        resourceVersion: row.resourceVersion,
        type: row.type,
        addresses: row.clusterIps,
        ...(row.sharing !== undefined && { sharing: row.sharing }),
      },
    }),
  };
}

function portsOf(own: ServiceRow, tables: Tables, clusters: readonly ServiceInCluster[]): ServicePortReport[] {
  const images = imagesOf(own, tables, READ, (cluster) => clusterState(cluster, tables, READ));
  const byKey = new Map(images.map((image) => [image.key, image]));
  return own.ports.flatMap((port) => {
    const { protocol } = port;
    if (protocol === "SCTP") return [];
    return ([4, 6] as const).flatMap((family) => {
      const image = byKey.get(imageKey(own.namespace, own.name, portName(port), protocol, family));
      return image === undefined ? [] : [portReport(own, { ...port, protocol }, family, image, tables, clusters)];
    });
  });
}

function portReport(
  own: ServiceRow,
  port: ServicePort & { readonly protocol: "TCP" | "UDP" },
  family: 4 | 6,
  image: ImageRow,
  tables: Tables,
  clusters: readonly ServiceInCluster[],
): ServicePortReport {
  const drained = new Set(clusters.flatMap(({ cluster, drain }) => (drain ? [cluster] : [])));
  const { each, drainIgnored } = shares(image.groups, (cluster) => drained.has(cluster));
  const places = new Map<string, { readonly tier: number; readonly share: number }>();
  for (const [i, { endpoints, priority }] of image.groups.entries())
    for (const { address, port: number } of endpoints)
      places.set(`${address} ${number}`, { tier: priority, share: each[i]! });
  const endpoints = clusters
    .filter(({ member }) => member)
    .flatMap(({ cluster }) => endpointsOf(own, port, family, cluster, tables))
    .map((one): ServiceEndpoint => ({ ...one, ...(places.get(`${one.address} ${one.port}`) ?? { share: 0 }) }))
    .sort((a, b) => b.share - a.share);
  return {
    port: portName(port),
    number: port.port,
    protocol: port.protocol,
    family,
    addresses: own.clusterIps.filter((address) => familyOf(address) === family),
    affinitySeconds: image.affinitySeconds,
    partial: image.partial,
    drainIgnored,
    groups: image.groups.map(({ cluster, priority, weight, endpoints: of }, i) => ({
      cluster,
      tier: priority,
      weight,
      endpoints: of.length,
      drain: drained.has(cluster),
      share: each[i]! * of.length,
    })),
    endpoints: endpoints.slice(0, MOST_ENDPOINTS),
    moreEndpoints: Math.max(0, endpoints.length - MOST_ENDPOINTS),
  };
}

/** Each once, sorted, also those that are not ready. */
function endpointsOf(
  own: ServiceRow,
  port: ServicePort,
  family: 4 | 6,
  cluster: ClusterName,
  tables: Tables,
): Omit<ServiceEndpoint, "share">[] {
  const key = objectKey(cluster, own.namespace, own.name);
  const theirs = tables.Service.get(key);
  const same = portNamed(theirs, portName(port), port.protocol);
  if (theirs === undefined || same === undefined) return [];
  const pods = new Map(
    tables.EndpointSlice.by(sliceByService, key).flatMap(({ endpoints }) =>
      endpoints.map(({ address, pod, node }) => [address, { pod, node }] as const),
    ),
  );
  const found = new Map<string, Omit<ServiceEndpoint, "share">>();
  for (const { address, port: number, condition } of candidatesOf(theirs, same, tables, READ)) {
    if (familyOf(address) !== family) continue;
    const { pod = "", node = "" } = pods.get(address) ?? {};
    found.set(`${address} ${number}`, { cluster, address, port: number, condition, pod, node });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
}
