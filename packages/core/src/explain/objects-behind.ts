import { admittedByHost, layoutsOf, parseBackendSetKey, tableOf } from "../derive/index.ts";
import { objectKey, type ObjectRef, refOfKey } from "../model/index.ts";
import { type Edge, TYPE, upstreamName } from "../translate/index.ts";

const MOST_OBJECTS = 20;

/**
 * The objects that a resource of an edge is made from: where to look when Envoy refuses it. Where its message names
 * some of the hosts of a route table, only those; none for what no object decides alone (listeners, scopes).
 */
export function objectsBehind(edge: Edge, type: string, name: string, message: string, env: Hashing): ObjectRef[] {
  const found = new Map<string, ObjectRef>();
  for (const ref of candidates(edge, type, name, message, env)) {
    if (found.size >= MOST_OBJECTS) break;
    found.set(`${ref.kind} ${ref.cluster}/${ref.namespace}/${ref.name}`, ref);
  }
  return [...found.values()];
}

type Hashing = Parameters<typeof upstreamName>[1];

function* candidates(edge: Edge, type: string, name: string, message: string, env: Hashing): Generator<ObjectRef> {
  if (type === TYPE.secret) {
    const chain = edge.chains.get(name);
    if (chain !== undefined) yield refOfKey("Secret", chain.secret);
  } else if (type === TYPE.routeTable) yield* ingresses(edge, name, message);
  else if (type === TYPE.cluster || type === TYPE.assignment) {
    for (const [key] of edge.assignments.entries()) {
      if (upstreamName(key, env) !== name) continue;
      const set = parseBackendSetKey(key);
      for (const cluster of set.clusters) yield refOfKey("Service", objectKey(cluster, set.namespace, set.service));
    }
  }
}

function* ingresses(edge: Edge, table: string, message: string): Generator<ObjectRef> {
  const plan = edge.plans.get(table.includes("/") ? table.slice(0, table.indexOf("/")) : table);
  if (plan === undefined) return;
  const hosts: string[] = [];
  for (const [host] of edge.hosts.entries()) {
    if (layoutsOf(plan).some((layout) => tableOf(plan.chain, layout, host) === table)) hosts.push(host);
  }
  const blamed = hosts.filter((host) => message.includes(host));
  for (const host of blamed.length > 0 ? blamed : hosts) {
    for (const row of edge.admitted.by(admittedByHost, host)) {
      yield { cluster: row.cluster, kind: "Ingress", namespace: row.namespace, name: row.name };
    }
  }
}
