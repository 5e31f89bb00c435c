/** Which addresses a machine has, and what is behind it. */
import type { RouteSpec } from "@carrick/agent/net";
import { addressAt, digits } from "../topology/range.ts";
import { CONTROL_PLANE_HOST, FIRST_NODE_HOST, ROUTER_HOST } from "../topology/schema.ts";
import type { Cluster, Ranges, Topology } from "../topology/topology.ts";
import type { Place } from "./place.ts";
import { nodePods } from "./pods.ts";

/** Where a machine can be reached. */
export function addressesOf(topology: Topology, place: Place): Ranges {
  const { ipv4, ipv6 } = networkOf(topology, place);
  const host = hostOf(place);
  return { ipv4: addressAt(ipv4, host), ipv6: addressAt(ipv6, digits(host)) };
}

/** The network of its cluster, or that of edge and client. */
export function networkOf(topology: Topology, place: Place): Ranges {
  return "cluster" in place ? clusterOf(topology, place.cluster).network : topology.edge;
}

function clusterOf({ clusters }: Topology, name: string): Cluster {
  return clusters.find((cluster) => cluster.name === name)!;
}

function hostOf(place: Place): number {
  if (place.kind === "node") return FIRST_NODE_HOST + place.node - 1;
  if (place.kind === "router") return ROUTER_HOST;
  return place.kind === "client" ? 2 : CONTROL_PLANE_HOST;
}

/** What is behind the links of machines: their own addresses and, for nodes, those of their pods. Each once. */
export function destinationsOf(topology: Topology, places: readonly Place[]): string[] {
  return [...new Set(places.flatMap((place) => routesTo(topology, place)).map(({ destination }) => destination))];
}

/** The router's: by the link to that machine, which is left out. */
export function routesTo(topology: Topology, place: Place): RouteSpec[] {
  const { ipv4, ipv6 } = addressesOf(topology, place);
  const own = [{ destination: `${ipv4}/32` }, { destination: `${ipv6}/128` }];
  if (place.kind !== "node") return own;
  const pods = nodePods(clusterOf(topology, place.cluster), place.node);
  return [
    ...own,
    { destination: pods.ipv4, via: ipv4, onlink: true },
    { destination: pods.ipv6, via: ipv6, onlink: true },
  ];
}
