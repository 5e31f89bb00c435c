import { type Affinity, type ClusterName, type EndpointCondition, exact } from "../model/index.ts";

/** An endpoint as selection sees it. */
export interface Candidate {
  readonly address: string;
  readonly port: number;
  readonly condition: EndpointCondition;
}

/** What one cluster brings to a backend set. */
export interface Member {
  readonly cluster: ClusterName;
  /** Relative weight of each of its endpoints. */
  readonly weight: number;
  readonly drain: boolean;
  readonly endpoints: readonly Candidate[];
}

/** Which side is used as long as it has anything that serves. */
export interface Preference {
  /** Where the client is. */
  readonly here: ClusterName;
  readonly affinity: Affinity;
}

/** Endpoints of one cluster that take traffic. */
export interface Group {
  readonly cluster: ClusterName;
  /** 0 is used first; the next only as far as those before it cannot take everything. */
  readonly priority: number;
  /** Relative weight of each endpoint. */
  readonly weight: number;
  /** Sorted by address and port, each once. */
  readonly endpoints: readonly { readonly address: string; readonly port: number }[];
}

/**
 * `drainIgnored`: every cluster with endpoints is being drained, so all of them serve; sending somewhere beats sending
 * nowhere. `drainingOnly`: nothing is ready, so endpoints that terminate but still serve take the traffic.
 */
export type SelectionNote = "drainIgnored" | "drainingOnly";

export interface Selection {
  /** Sorted by cluster; without clusters that take nothing. */
  readonly groups: readonly Group[];
  readonly notes: readonly SelectionNote[];
}

/**
 * Chooses who takes the traffic of a backend set. Ready endpoints of clusters that are not being drained; where there
 * are none, the least bad: first ready ones in spite of a drain, then terminating ones that still serve. A preference
 * orders what was chosen; it leaves nobody out.
 */
export function select(members: readonly Member[], preference?: Preference): Selection {
  const attempts: readonly { condition: EndpointCondition; drained: boolean; notes: readonly SelectionNote[] }[] = [
    { condition: "ready", drained: false, notes: [] },
    { condition: "ready", drained: true, notes: ["drainIgnored"] },
    { condition: "draining", drained: false, notes: ["drainingOnly"] },
    { condition: "draining", drained: true, notes: ["drainIgnored", "drainingOnly"] },
  ];
  for (const { condition, drained, notes } of attempts) {
    const groups = members.flatMap((member) => (drained || !member.drain ? group(member, condition) : []));
    if (groups.length > 0) return { groups: exact(inOrder(groups, preference)), notes };
  }
  return { groups: [], notes: [] };
}

function group(member: Member, condition: EndpointCondition): Group[] {
  const unique = new Map<string, { address: string; port: number }>();
  for (const { address, port, condition: is } of member.endpoints) {
    if (is === condition) unique.set(`${address} ${port}`, { address, port });
  }
  if (unique.size === 0) return [];
  const endpoints = [...unique.values()].sort((a, b) =>
    a.address === b.address ? a.port - b.port : a.address < b.address ? -1 : 1,
  );
  return [{ cluster: member.cluster, priority: 0, weight: member.weight, endpoints: exact(endpoints) }];
}

function inOrder(groups: Group[], preference: Preference | undefined): Group[] {
  groups.sort((a, b) => (a.cluster < b.cluster ? -1 : 1));
  if (preference === undefined || preference.affinity === "none") return groups;
  const { here, affinity } = preference;
  const isPreferred = (group: Group): boolean => (group.cluster === here) === (affinity === "local");
  if (!groups.some(isPreferred)) return groups;
  return groups.map((group) => (isPreferred(group) ? group : { ...group, priority: 1 }));
}
