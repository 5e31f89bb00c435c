import type { EdgeEnvironment } from "@carrick/core/derive";
import { objectsBehind } from "@carrick/core/explain";
import type { EnvoyStatus, ObjectProblem } from "@carrick/core/report";
import { emptyAssignment, TYPE, SHORT_NAMES } from "@carrick/core/translate";
import {
  type Peer,
  type Refused,
  startXdsServer,
  type StreamState,
  type TlsMaterial,
  type View,
  XdsError,
} from "@carrick/xds";
import { ConfigError } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { Logger } from "../log.ts";
import type { XdsMetrics } from "../metrics/metrics.ts";
import type { World } from "../world/world.ts";
import { EdgeView } from "./edge-view.ts";
import { xdsEvents } from "./xds-events.ts";

/** How long streams get to end by themselves at a stop. */
const GRACE_MS = 1000;

export interface ServeEdgesOptions {
  readonly config: Pick<Config, "domain" | "listen">;
  readonly world: World;
  readonly hash: EdgeEnvironment["hash"];
  /** Asked at each new connection. */
  readonly tls: () => TlsMaterial;
  readonly log: Logger;
  readonly metrics: XdsMetrics;
  /** Whether Envoys may be told what is known; they are asked to come again until then. */
  readonly ready: () => boolean;
}

export interface ServedEdges {
  envoys(fleet: string): EnvoyStatus[];
  /** Versions that an Envoy refused, on the objects that they are made from. */
  refusals(): ObjectProblem[];
  close(): Promise<void>;
}

/** Serves each fleet to its Envoys. Throws `ConfigError` if the address cannot be listened on. */
export async function serveEdges({
  config,
  world,
  hash,
  tls,
  log,
  metrics,
  ready,
}: ServeEdgesOptions): Promise<ServedEdges> {
  const views = new Map(world.edges.map((edge) => [edge.fleet.name, new EdgeView(world, edge)]));
  const env: EdgeEnvironment = { hash, knownClasses: [] };
  const view = (peer: Peer): View | Refused => {
    if (peer.role !== "edge") return { refused: `${peer.uri} is no edge; only Envoys of a fleet are served here` };
    const found = views.get(peer.fleet);
    if (found === undefined) return { refused: `there is no fleet ${peer.fleet} here; name it under \`edges\`` };
    return ready() ? found : { refused: "this replica has not read its clusters yet; connect again" };
  };
  try {
    const server = await startXdsServer({
      listen: config.listen.xds,
      domain: config.domain,
      tls,
      view,
      sequencer: { absent: new Map([[TYPE.assignment, (name) => emptyAssignment(name, env)]]) },
      on: xdsEvents(log, metrics),
    });
    const streams = () => server.streams().flatMap((stream) => edgeStream(stream) ?? []);
    return {
      envoys: (fleet) => streams().flatMap((stream) => (stream.fleet === fleet ? [stream.status] : [])),
      refusals: () =>
        streams().flatMap(({ fleet, status, rejections }) => refusals(views.get(fleet)!, status.name, rejections, env)),
      close: () => server.close(GRACE_MS),
    };
  } catch (error) {
    if (error instanceof XdsError) throw new ConfigError(`listen.xds: ${error.message}`);
    throw error;
  }
}

function edgeStream({ peer, since, pending, types, rejections, bytesSent }: StreamState) {
  if (peer.role !== "edge") return undefined;
  const status: EnvoyStatus = {
    name: peer.name,
    cluster: peer.cluster,
    connectedSince: since,
    pending: pending + types.reduce((sum, { inFlight }) => sum + inFlight, 0),
    refused: rejections.map(({ type, name, message }) => ({ type: SHORT_NAMES.get(type) ?? type, name, message })),
    bytesSent,
  };
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
