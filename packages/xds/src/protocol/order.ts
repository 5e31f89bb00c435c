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
 * by the client; of clusters only the new ones and their endpoints, since one that is there serves in any version.
 * Acyclic: content never waits for removals.
 */
const CONTENT_AFTER: ReadonlyMap<TypeUrl, readonly TypeUrl[]> = new Map([
  [SCOPED_ROUTES, [CLUSTER, ENDPOINTS]],
  [ROUTES, [CLUSTER, ENDPOINTS]],
  [LISTENER, [CLUSTER, ENDPOINTS, SCOPED_ROUTES, ROUTES]],
]);

/** What is removed waits for everything of these types: the reverse way. */
const REMOVALS_AFTER: ReadonlyMap<TypeUrl, readonly TypeUrl[]> = new Map([
  [SCOPED_ROUTES, [LISTENER]],
  [ROUTES, [LISTENER, SCOPED_ROUTES]],
  [CLUSTER, [LISTENER, SCOPED_ROUTES, ROUTES]],
  [ENDPOINTS, [LISTENER, SCOPED_ROUTES, ROUTES, CLUSTER]],
  [SECRET, [LISTENER, CLUSTER]],
]);

/**
 * A client that resumes tells type by type what it holds. So long nothing is removed, and clusters wait for word of
 * their endpoints: these tell of clusters that it took from a refused response and cannot report.
 */
export const RESUMED_MS = 5000;
/** Nothing waits longer than this for the answer to something that was sent: Envoy has it, it only cannot say so. */
export const PATIENCE_MS = 5000;
/**
 * Nor for what has to travel alone, since Envoy gives up waiting after 15 s: a table that it lacks comes before it
 * opens the listener without, but one that serves is not replaced before clusters have stopped warming.
 */
export const SUSPECT_PATIENCE_MS = { add: 14_000, replace: 20_000 };

type Subscriptions = ReadonlyMap<TypeUrl, Subscription>;

export interface OrderOptions {
  readonly rules: Rules;
  /** So many removals of a type wait for what the client refused. */
  readonly heldRemovals: number;
  /** The client resumes, and may still tell what it holds. */
  readonly resuming: boolean;
  /** The first change of a scope whose table the client has not asked for. */
  readonly unasked: number;
  /** Whether there are scopes at all. */
  readonly scoped: () => boolean;
}

/** What may be said of a type. */
export function boundsOf(type: TypeUrl, all: Subscriptions, options: OrderOptions, now: number): Bounds {
  return {
    adds: contentBefore(type, all, options, now, SUSPECT_PATIENCE_MS.add),
    replacements: contentBefore(type, all, options, now, SUSPECT_PATIENCE_MS.replace),
    removals: removalsBefore(type, all, options),
    stale: Math.max(...(CONTENT_AFTER.get(type) ?? []).map((one) => all.get(one)?.agenda.cancelledAt ?? -Infinity)),
  };
}

function contentBefore(
  type: TypeUrl,
  all: Subscriptions,
  options: OrderOptions,
  now: number,
  suspectPatience: number,
): number {
  const { rules, resuming } = options;
  if (type === CLUSTER && resuming && !all.has(ENDPOINTS)) return -1;
  if (type === ENDPOINTS && !rules.endpointsDoNotWaitForClusterAck) {
    return (all.get(CLUSTER)?.flights.size ?? 0) > 0 ? -1 : Infinity;
  }
  if (type === ROUTES && !rules.answerRoutesWithListeners) return -1;
  if (!rules.routesWaitForClusters) return Infinity;
  let before = Infinity;
  for (const dependency of CONTENT_AFTER.get(type) ?? []) {
    const what = dependency === CLUSTER || dependency === ENDPOINTS ? "added" : "content";
    before = Math.min(before, all.get(dependency)?.oldest(what, now - PATIENCE_MS, now - suspectPatience) ?? Infinity);
  }
  if (type !== LISTENER || !rules.listenersWaitForScopedRoutes) return before;
  // Who holds listeners may hold scopes as well, of which it will tell.
  const untold = resuming && !all.has(SCOPED_ROUTES) && (all.get(LISTENER)?.heldCount ?? 0) > 0;
  return untold && options.scoped() ? -1 : Math.min(before, options.unasked);
}

function removalsBefore(type: TypeUrl, all: Subscriptions, options: OrderOptions): number {
  const dependencies = REMOVALS_AFTER.get(type);
  if (dependencies === undefined || !options.rules.removalsWaitForRoutes) return Infinity;
  if (options.resuming) return -1;
  // A client that refuses a route, or must not get it, keeps the old one with all that it names; but not without bound.
  const kept = (all.get(type)?.agenda.count("remove") ?? 0) <= options.heldRemovals;
  let before = Infinity;
  for (const dependency of dependencies) {
    const subscription = all.get(dependency);
    if (subscription === undefined) continue;
    before = Math.min(
      before,
      subscription.oldest("any", -Infinity, -Infinity),
      kept ? subscription.oldestKept : Infinity,
    );
  }
  return before;
}
