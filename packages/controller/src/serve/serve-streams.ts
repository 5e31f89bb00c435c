import type { EdgeEnvironment } from "@carrick/core/derive";
import { objectsBehind } from "@carrick/core/explain";
import type { EnvoyStatus, NodeStatus, ObjectProblem } from "@carrick/core/report";
import { emptyAssignment, TYPE, SHORT_NAMES } from "@carrick/core/translate";
import { MESH_TYPE } from "@carrick/core/translate/mesh";
import {
  type Peer,
  type Refused,
  startXdsServer,
  type StreamState,
  type TlsMaterial,
  type View,
  XdsError,
} from "@carrick/xds";
import { ConfigError } from "@carrick/core/config";
import type { Config } from "../config/schema.ts";
import type { Logger } from "../log.ts";
import type { XdsMetrics } from "../metrics/metrics.ts";
import type { World } from "../world/world.ts";
import { EdgeView } from "./edge-view.ts";
import { MeshView } from "./mesh-view.ts";
import { meshStreams, streamStatus } from "./stream-status.ts";
import { xdsEvents } from "./xds-events.ts";

/** How long streams get to end by themselves at a stop. */
const GRACE_MS = 1000;

export interface ServeStreamsOptions {
  readonly config: Pick<Config, "domain" | "listen" | "mesh">;
  readonly world: World;
  readonly hash: EdgeEnvironment["hash"];
  /** Asked at each new connection. */
  readonly tls: () => TlsMaterial;
  readonly log: Logger;
  readonly metrics: XdsMetrics;
  /** Whether Envoys may be told what is known; they are asked to come again until then. */
  readonly ready: () => boolean;
}

export interface ServedStreams {
  envoys(fleet: string): EnvoyStatus[];
  /** Agents of the own cluster's nodes, by name. */
  nodes(): NodeStatus[];
  /** Controllers of a peer, by their addresses. */
  controllers(cluster: string): NodeStatus[];
  /** Versions that an Envoy refused, on the objects that they are made from. */
  refusals(): ObjectProblem[];
  close(): Promise<void>;
}

/** Serves each fleet to its Envoys, and the mesh to nodes and peers. Throws `ConfigError` if it cannot listen. */
export async function serveStreams({
  config,
  world,
  hash,
  tls,
  log,
  metrics,
  ready,
}: ServeStreamsOptions): Promise<ServedStreams> {
  const views = new Map(world.edges.map((edge) => [edge.fleet.name, new EdgeView(world, edge)]));
  const env: EdgeEnvironment = { hash, knownClasses: [] };
  const meshView = meshViews(config.mesh, world);
  const view = (peer: Peer): View | Refused => {
    // Nodes and peers are told of each cluster whether everything is known of it, and merge for themselves.
    if (peer.role !== "edge") return meshView(peer);
    const found = edgeView(peer.fleet, views);
    if ("refused" in found || ready()) return found;
    return { refused: "this replica has not read its clusters yet; connect again" };
  };
  try {
    const server = await startXdsServer({
      listen: config.listen.xds,
      domain: config.domain,
      tls,
      view,
      sequencer: { absent: new Map([[TYPE.assignment, (name) => emptyAssignment(name, env)]]), last: MESH_TYPE.sync },
      on: xdsEvents(log, metrics),
    });
    const streams = () => server.streams().flatMap((stream) => edgeStream(stream) ?? []);
    return {
      envoys: (fleet) => streams().flatMap((stream) => (stream.fleet === fleet ? [stream.status] : [])),
      nodes: () => meshStreams(server.streams(), ({ role }) => role === "node"),
      controllers: (cluster) =>
        meshStreams(server.streams(), (peer) => peer.role === "controller" && peer.cluster === cluster),
      refusals: () =>
        streams().flatMap(({ fleet, status, rejections }) => refusals(views.get(fleet)!, status.name, rejections, env)),
      close: () => server.close(GRACE_MS),
    };
  } catch (error) {
    if (error instanceof XdsError) throw new ConfigError(`listen.xds: ${error.message}`);
    throw error;
  }
}

function edgeView(fleet: string, views: ReadonlyMap<string, EdgeView>): View | Refused {
  return views.get(fleet) ?? { refused: `there is no fleet ${fleet} here; name it under \`edges\`` };
}

/** Nodes of the own cluster see what they need, controllers of peers what the cluster exports; nobody else sees anything. */
function meshViews(mesh: Config["mesh"], world: World): (peer: Exclude<Peer, { role: "edge" }>) => View | Refused {
  if (mesh === undefined || world.mesh === undefined) {
    return ({ uri }) => ({
      refused: `${uri} is no edge; only Envoys of a fleet are served here, for there is no mesh`,
    });
  }
  const [nodes, peers] = [new MeshView(world, world.mesh.nodes), new MeshView(world, world.mesh.peers)];
  const allowed = new Set(mesh.peers.map(({ name }) => name));
  return ({ role, cluster, uri }) => {
    if (role === "node") return cluster === mesh.cluster ? nodes : { refused: `${uri} is no node of ${mesh.cluster}` };
    if (allowed.has(cluster)) return peers;
    return { refused: `${cluster} is no peer of ${mesh.cluster}; name it under \`mesh.peers\`` };
  };
}

function edgeStream(stream: StreamState) {
  const { peer, rejections } = stream;
  if (peer.role !== "edge") return undefined;
  const status: EnvoyStatus = { ...streamStatus(peer.name, stream), cluster: peer.cluster };
  return { fleet: peer.fleet, status, rejections };
}

function refusals(
  { edge }: EdgeView,
  envoy: string,
  rejections: StreamState["rejections"],
  env: EdgeEnvironment,
): ObjectProblem[] {
  return rejections.flatMap(({ type, name, message }) =>
    objectsBehind(edge, type, name, message, env).map((object): ObjectProblem => ({
      object: { ...object, resourceVersion: "" },
      problem: {
        code: "RefusedByEnvoy",
        path: "",
        message: `Envoy ${envoy} of fleet ${edge.fleet.name} refuses ${SHORT_NAMES.get(type) ?? type} ${name} and keeps its last version: ${message}`,
      },
    })),
  );
}
