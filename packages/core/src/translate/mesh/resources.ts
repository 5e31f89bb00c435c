import {
  type ClusterName,
  objectKey,
  type ServiceRow,
  type SliceRow,
  sourceByCluster,
  sourceKey,
  type Tables,
} from "../../model/index.ts";
import type { Reader, Store, Table } from "../../store/index.ts";
import type { EdgeEnvironment } from "../../derive/index.ts";
import { resource, type ResourceRow, sameResource } from "../resource.ts";
import { clusterMessage, serviceMessage, sliceMessage } from "./messages.ts";

/** Types of the resources in which clusters speak of themselves. */
export const MESH_TYPE = {
  cluster: "type.googleapis.com/carrick.mesh.v1.Cluster",
  service: "type.googleapis.com/carrick.mesh.v1.Service",
  slice: "type.googleapis.com/carrick.mesh.v1.Slice",
  knowledge: "type.googleapis.com/carrick.mesh.v1.Knowledge",
  sync: "type.googleapis.com/carrick.mesh.v1.Sync",
} as const;

/** Types, as people are told of them. */
export const MESH_NAMES: ReadonlyMap<string, string> = new Map([
  [MESH_TYPE.cluster, "Cluster"],
  [MESH_TYPE.service, "Service"],
  [MESH_TYPE.slice, "EndpointSlice"],
  [MESH_TYPE.knowledge, "Knowledge"],
  [MESH_TYPE.sync, "Sync"],
]);

/** By type, under `<cluster>` or `<cluster>/<namespace>/<name>`. */
export type MeshResources = ReadonlyMap<string, Table<ResourceRow>>;

/** What a cluster tells its peers: itself, and the global Services that it shares. */
export function peerResources(
  store: Store,
  tables: Tables,
  here: ClusterName,
  env: Pick<EdgeEnvironment, "hash">,
): MeshResources {
  return meshResources(store, tables, env, {
    name: "peers",
    tellsCluster: (cluster) => cluster === here,
    tellsService: (service) => service.cluster === here && service.sharing?.shared === true,
  });
}

/** What the nodes of a cluster are told: its Services that have an address, and those of other clusters that join them. */
export function nodeResources(
  store: Store,
  tables: Tables,
  here: ClusterName,
  env: Pick<EdgeEnvironment, "hash">,
): MeshResources {
  return meshResources(store, tables, env, {
    name: "nodes",
    tellsCluster: () => true,
    tellsService: (service, read) => {
      if (service.cluster === here) return service.type !== "ExternalName" && service.clusterIps.length > 0;
      if (service.sharing?.shared !== true) return false;
      const own = read.get(tables.Service, objectKey(here, service.namespace, service.name));
      return own?.sharing !== undefined && own.clusterIps.length > 0;
    },
  });
}

interface Audience {
  readonly name: string;
  readonly tellsCluster: (cluster: ClusterName) => boolean;
  readonly tellsService: (service: ServiceRow, read: Reader) => boolean;
}

function meshResources(
  store: Store,
  tables: Tables,
  env: Pick<EdgeEnvironment, "hash">,
  { name, tellsCluster, tellsService }: Audience,
): MeshResources {
  const clusters = store.view<{ readonly term: ClusterName }, ResourceRow>(
    `${name}/Cluster`,
    store.groups(`${name}/clusters`, tables.sources, sourceByCluster),
    ({ term: cluster }, _key, read) => {
      if (!tellsCluster(cluster) || read.get(tables.sources, sourceKey(cluster, "Cluster"))?.known !== true) return [];
      const { drain = false, weight = 1 } = read.get(tables.Cluster, objectKey(cluster, "", "self")) ?? {};
      return [[cluster, resource(cluster, clusterMessage(cluster, { drain, weight }), false, env)]];
    },
    sameResource,
  );
  const services = store.view<ServiceRow, ResourceRow>(
    `${name}/Service`,
    tables.Service,
    (service, key, read) =>
      tellsService(service, read) ? [[key, resource(key, serviceMessage(service), false, env)]] : [],
    sameResource,
  );
  const slices = store.view<SliceRow, ResourceRow>(
    `${name}/Slice`,
    tables.EndpointSlice,
    (slice, key, read) => {
      const service = read.get(tables.Service, objectKey(slice.cluster, slice.namespace, slice.service));
      if (service === undefined || !tellsService(service, read)) return [];
      return [[key, resource(key, sliceMessage(slice), false, env)]];
    },
    sameResource,
  );
  return new Map<string, Table<ResourceRow>>([
    [MESH_TYPE.cluster, clusters],
    [MESH_TYPE.service, services],
    [MESH_TYPE.slice, slices],
  ]);
}
