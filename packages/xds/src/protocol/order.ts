/** Make before break over the types of a stream: how much of each may be said now. */
import type { Rules } from "./rules.ts";
import type { Subscription } from "./subscription.ts";
import { CLUSTER, ENDPOINTS, LISTENER, ROUTES, SCOPED_ROUTES, SECRET } from "./type-url.ts";
import type { TypeUrl } from "./resource.ts";
import type { Bounds } from "./waiting.ts";

/** The order in which a step looks for something to send. */
export const SEND_ORDER: readonly TypeUrl[] = [SECRET, CLUSTER, ENDPOINTS, SCOPED_ROUTES, ROUTES, LISTENER];

/**
 * What is added or replaced waits until everything of these types that was changed no later than itself has been taken
 * by the client; of clusters only the new ones, since one that is there serves in any version. Acyclic: content never
 * waits for removals.
 */
const CONTENT_AFTER: ReadonlyMap<TypeUrl, readonly TypeUrl[]> = new Map([
  [SCOPED_ROUTES, [CLUSTER]],
  [ROUTES, [CLUSTER]],
  [LISTENER, [CLUSTER, SCOPED_ROUTES, ROUTES]],
]);

/** What is removed waits for everything of these types: the reverse way. */
const REMOVALS_AFTER: ReadonlyMap<TypeUrl, readonly TypeUrl[]> = new Map([
  [SCOPED_ROUTES, [LISTENER]],
  [ROUTES, [LISTENER, SCOPED_ROUTES]],
  [CLUSTER, [LISTENER, SCOPED_ROUTES, ROUTES]],
  [ENDPOINTS, [LISTENER, SCOPED_ROUTES, ROUTES, CLUSTER]],
  [SECRET, [LISTENER, CLUSTER]],
]);

/** Nothing waits longer than this for the answer to something that was sent. */
export const PATIENCE_MS = 5000;

type Subscriptions = ReadonlyMap<TypeUrl, Subscription>;

/** What may be said of a type. At most `heldRemovals` removals wait for what the client refused. */
export function boundsOf(type: TypeUrl, all: Subscriptions, rules: Rules, heldRemovals: number, now: number): Bounds {
  return {
    adds: contentBefore(type, all, rules, now),
    removals: rules.removalsWaitForRoutes ? removalsBefore(type, all, heldRemovals) : Infinity,
  };
}

function contentBefore(type: TypeUrl, all: Subscriptions, rules: Rules, now: number): number {
  if (type === ENDPOINTS && !rules.endpointsDoNotWaitForClusterAck) {
    return (all.get(CLUSTER)?.flights.size ?? 0) > 0 ? -1 : Infinity;
  }
  if (type === ROUTES && !rules.answerRoutesWithListeners) return -1;
  if (!rules.routesWaitForClusters) return Infinity;
  let before = Infinity;
  for (const dependency of CONTENT_AFTER.get(type) ?? []) {
    const what = dependency === CLUSTER ? "added" : "content";
    before = Math.min(before, all.get(dependency)?.oldest(what, now - PATIENCE_MS) ?? Infinity);
  }
  return before;
}

function removalsBefore(type: TypeUrl, all: Subscriptions, heldRemovals: number): number {
  // A client that refuses a route keeps the old one with all that it names; but not without bound.
  const kept = (all.get(type)?.removalCount ?? 0) <= heldRemovals;
  let before = Infinity;
  for (const dependency of REMOVALS_AFTER.get(type) ?? []) {
    const subscription = all.get(dependency);
    if (subscription === undefined) continue;
    before = Math.min(before, subscription.oldest("any", -Infinity), kept ? subscription.oldestKept : Infinity);
  }
  return before;
}
