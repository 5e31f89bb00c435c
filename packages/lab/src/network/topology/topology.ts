/** The topology with all its ranges: defaults put in, and checked against each other. Pure. */
import type { Complaint } from "@carrick/core/config";
import { overlap, parseRange } from "./range.ts";
import { MAX_ALL_NODES, type TopologyFile } from "./schema.ts";

export interface Ranges {
  readonly ipv4: string;
  readonly ipv6: string;
}

export interface Cluster {
  readonly name: string;
  readonly index: number;
  /** How many. */
  readonly nodes: number;
  /** Addresses of nodes and control plane. */
  readonly network: Ranges;
  /** Divided among the nodes: node m has the m-th /24, and the first /64 of the m-th /48. */
  readonly pods: Ranges;
  readonly services: Ranges;
}

export interface Topology {
  readonly clusters: readonly Cluster[];
  readonly edge: Ranges;
}

/** Puts in the defaults. `complaints` is empty when the topology can be built. */
export function completeTopology(file: TopologyFile): {
  readonly topology: Topology;
  readonly complaints: readonly Complaint[];
} {
  const clusters = file.clusters.map(({ name, index: given, nodes, network, pods, services }, at): Cluster => {
    const index = given ?? at + 1;
    return {
      name,
      index,
      nodes,
      network: withDefaults(network, `172.30.${index}.0/24`, `fd30::${index}:0/112`),
      pods: withDefaults(pods, `10.${10 + index}.0.0/16`, `fd10:${index}::/32`),
      services: withDefaults(services, `10.${95 + index}.0.0/16`, `fd96:${index}::/112`),
    };
  });
  const edge = withDefaults(file.edge, "172.30.250.0/24", "fd30::250:0/112");
  return {
    topology: { clusters, edge },
    complaints: [...tooMany(clusters), ...sameNames(clusters), ...overlaps(clusters, edge, file.allowOverlap)],
  };
}

function withDefaults(
  given: { readonly ipv4?: string | undefined; readonly ipv6?: string | undefined },
  ipv4: string,
  ipv6: string,
): Ranges {
  return { ipv4: given.ipv4 ?? ipv4, ipv6: given.ipv6 ?? ipv6 };
}

function tooMany(clusters: readonly Cluster[]): Complaint[] {
  const all = clusters.reduce((sum, { nodes }) => sum + nodes, 0);
  if (all <= MAX_ALL_NODES) return [];
  return [
    { path: ["clusters"], message: `have ${all} nodes together; one machine holds ${MAX_ALL_NODES}, take fewer` },
  ];
}

function sameNames(clusters: readonly Cluster[]): Complaint[] {
  return clusters.flatMap(({ name }, at): Complaint[] => {
    const first = clusters.findIndex((other) => other.name === name);
    return first === at
      ? []
      : [{ path: ["clusters", at, "name"], message: `is the name of clusters[${first}] as well` }];
  });
}

interface Used {
  readonly path: readonly (string | number)[];
  readonly of: string;
  readonly range: string;
  /** May be the same in two clusters when that is asked for. */
  readonly inner: boolean;
}

function overlaps(clusters: readonly Cluster[], edge: Ranges, allowed: boolean): Complaint[] {
  const used: Used[] = [
    ...clusters.flatMap((cluster, at) =>
      (["network", "pods", "services"] as const).flatMap((part) =>
        (["ipv4", "ipv6"] as const).map((family) => ({
          path: ["clusters", at, part, family],
          of: `${part} of ${cluster.name}`,
          range: cluster[part][family],
          inner: part !== "network",
        })),
      ),
    ),
    ...(["ipv4", "ipv6"] as const).map((family) => ({
      path: ["edge", family],
      of: "edge",
      range: edge[family],
      inner: false,
    })),
  ];
  return used.flatMap((one, at) =>
    used.slice(0, at).flatMap((other): Complaint[] => {
      if (!overlap(parseRange(one.range), parseRange(other.range))) return [];
      const between = one.inner && other.inner && one.path[1] !== other.path[1];
      if (between && allowed) return [];
      const how = between
        ? "give it another range, or set `allowOverlap: true` to have it so"
        : "give it another range";
      return [{ path: one.path, message: `${one.range} overlaps ${other.range} (${other.of}); ${how}` }];
    }),
  );
}

/** The file that says all of it, for a later `parseTopology`. */
export function topologyFile({ clusters, edge }: Topology): TopologyFile {
  return { clusters: clusters.map((cluster) => ({ ...cluster })), edge, allowOverlap: true };
}
