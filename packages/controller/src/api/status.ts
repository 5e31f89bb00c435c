import { CERTIFICATES } from "@carrick/core/derive";
import { unseenClusters } from "@carrick/core/explain";
import { objectKey } from "@carrick/core/model";
import type { ClusterStatus, EnvoyStatus, FleetStatus, KindStatus, StatusReport } from "@carrick/core/report";
import { type Edge, SHORT_NAMES } from "@carrick/core/translate";
import { type KindState, type Source, stateOfKind, stateOfSource } from "../sources/source.ts";
import type { ObjectCounts } from "../world/object-counts.ts";
import type { ObjectProblems } from "../world/object-problems.ts";
import { type MeshInputs, meshStatus } from "./mesh-status.ts";
import type { World } from "../world/world.ts";

const MOST_PROBLEMS = 1000;

export interface StatusInputs {
  readonly replica: string;
  readonly version: string;
  readonly started: number;
  readonly ready: boolean;
  readonly waitingFor: readonly string[];
  readonly world: World;
  readonly sources: readonly Source[];
  readonly counts: ObjectCounts;
  readonly problems: ObjectProblems;
  readonly envoys: (fleet: string) => EnvoyStatus[];
  readonly mesh: MeshInputs | undefined;
}

export function statusReport(inputs: StatusInputs, now: number): StatusReport {
  const { replica, version, started, ready, waitingFor, world, sources, counts, problems, envoys, mesh } = inputs;
  const all = problems.list();
  return {
    replica,
    version,
    started,
    now,
    ready,
    waitingFor,
    clusters: sources.map((source) => clusterStatus(source, world, counts, now)),
    fleets: world.edges.map((edge) => fleetStatus(edge, world, envoys(edge.fleet.name))),
    ...(mesh && { mesh: meshStatus(mesh, now) }),
    problems: all.slice(0, MOST_PROBLEMS),
    moreProblems: Math.max(0, all.length - MOST_PROBLEMS),
  };
}

function clusterStatus(source: Source, world: World, counts: ObjectCounts, now: number): ClusterStatus {
  const states = source.kinds();
  const kinds = states.map((state) => kindStatus(state, counts.of(source.cluster, state.kind), now));
  const own = world.tables.Cluster.get(objectKey(source.cluster, "", "self"));
  return {
    name: source.cluster,
    from: source.from,
    state: stateOfSource(states),
    drain: own?.drain ?? false,
    weight: own?.weight ?? 1,
    kinds,
    problems: source.problems(),
  };
}

function kindStatus(state: KindState, objects: number, now: number): KindStatus {
  const { kind, heardAt, error, fromCopy } = state;
  return {
    kind,
    state: stateOfKind(state),
    objects,
    ...(heardAt !== undefined && { ageMs: Math.max(0, now - heardAt) }),
    ...(error !== undefined && { error }),
    fromCache: fromCopy,
  };
}

function fleetStatus(edge: Edge, world: World, envoys: EnvoyStatus[]): FleetStatus {
  const resources = [...SHORT_NAMES].map(([type, short]) => [short, edge.types.get(type)?.table.size ?? 0]);
  const held = heldBack(edge, world);
  return {
    name: edge.fleet.name,
    hosts: edge.hosts.size,
    resources: Object.fromEntries(resources),
    envoys,
    ...(held.length > 0 && { held }),
  };
}

/** Unknown is not absent: what Envoys that hold configuration keep as it is, although there may be news. */
function heldBack(edge: Edge, world: World): string[] {
  const unseen = unseenClusters(world.tables);
  if (unseen.length > 0) {
    const who = `${unseen.join(", ")} ${unseen.length === 1 ? "has" : "have"} not been seen since this replica started`;
    return [`Envoys keep the route tables, listeners and clusters that they hold, because ${who}.`];
  }
  if (edge.known.get(CERTIFICATES)?.known === true) return [];
  return [
    "Envoys keep the TLS listener and certificates that they hold, because a Secret that an Ingress names has not been looked up yet.",
  ];
}
