/** Make before break over the types of a stream: how much of each may be said now. */
import type { Rules } from "./rules.ts";
import type { Subscription } from "./subscription.ts";
import { CLUSTER, ENDPOINTS, LISTENER, ROUTES, SCOPED_ROUTES, SECRET } from "./type-url.ts";
import type { Source, TypeUrl } from "./resource.ts";
import type { Bounds } from "./waiting.ts";

/** Types by which a request finds its way. */
export const ROUTING: ReadonlySet<TypeUrl> = new Set([SCOPED_ROUTES, ROUTES, LISTENER]);

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
  /** When the client asked for another type; undefined if it holds nothing from an earlier stream. */
  readonly resumedAt: number | undefined;
  /** The first change of a scope whose table the client will ask for. */
  readonly awaited: number;
  /** A type that follows all others. */
  readonly last: TypeUrl | undefined;
  /** Whether there are scopes at all. */
  readonly scoped: () => boolean;
}

/** What may be said of a type. */
export function boundsOf(type: TypeUrl, all: Subscriptions, options: OrderOptions, now: number): Bounds {
  return {
    // Nothing waits in the client for a listener.
    adds: contentBefore(type, all, options, now, SUSPECT_PATIENCE_MS[type === LISTENER ? "replace" : "add"]),
    replacements: contentBefore(type, all, options, now, SUSPECT_PATIENCE_MS.replace),
    removals: removalsBefore(type, all, options, now),
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
  const { rules } = options;
  if (type === options.last) return takenBefore(type, all);
  if (now < resumedUntil(all, options.resumedAt, suspectPatience) && untold(type, all, options)) return -1;
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
  return type === LISTENER && rules.listenersWaitForScopedRoutes ? Math.min(before, options.awaited) : before;
}

/** What was said of other types before this has been taken. */
function takenBefore(type: TypeUrl, all: Subscriptions): number {
  const others = [...all].filter(([other]) => other !== type);
  return Math.min(...others.map(([, subscription]) => subscription.oldest("any", -Infinity, -Infinity)));
}

/**
 * Until when a client that resumes may tell what it holds. While its clusters warm it does not tell them, and it is
 * waited for as long as for what has to travel alone.
 */
export function resumedUntil(all: Subscriptions, resumedAt: number | undefined, suspectPatience: number): number {
  if (resumedAt === undefined) return -Infinity;
  return resumedAt + (all.has(CLUSTER) ? RESUMED_MS : suspectPatience);
}

/** Whether a client that resumes still has to tell what decides about the type: it tells one type after the other. */
function untold(type: TypeUrl, all: Subscriptions, { rules, scoped }: OrderOptions): boolean {
  if (type === CLUSTER) return !all.has(ENDPOINTS);
  if (!ROUTING.has(type)) return false;
  // A scope names a table, and it is the table that names clusters.
  if (type !== SCOPED_ROUTES && rules.routesWaitForClusters && !all.has(CLUSTER)) return true;
  // Who holds scopes has asked for their tables, and who holds listeners may hold scopes.
  if (type === ROUTES || !rules.listenersWaitForScopedRoutes || all.get(type)?.heldCount === 0) return false;
  return !all.has(ROUTES) || (type === LISTENER && !all.has(SCOPED_ROUTES) && scoped());
}

function removalsBefore(type: TypeUrl, all: Subscriptions, options: OrderOptions, now: number): number {
  if (!REMOVALS_AFTER.has(type) || !options.rules.removalsWaitForRoutes) return Infinity;
  if (now < resumedUntil(all, options.resumedAt, SUSPECT_PATIENCE_MS.replace)) return -1;
  // A listener that was taken warms until the tables that it asked for come. So long the old one serves by its scopes.
  const asked = type === SCOPED_ROUTES ? all.get(ROUTES)?.oldest("added", now - PATIENCE_MS, -Infinity) : undefined;
  if (asked !== undefined && asked < Infinity) return -1;
  return Math.min(answeredBefore(type, all), keptBefore(type, all, options));
}

/** What is removed after these changes waits for an answer. */
function answeredBefore(type: TypeUrl, all: Subscriptions): number {
  const dependencies = REMOVALS_AFTER.get(type) ?? [];
  return Math.min(...dependencies.map((one) => all.get(one)?.oldest("any", -Infinity, -Infinity) ?? Infinity));
}

/** A client that refuses a route, or must not get it, keeps the old one with all that it names; but not without bound. */
function keptBefore(type: TypeUrl, all: Subscriptions, { heldRemovals }: OrderOptions): number {
  if ((all.get(type)?.agenda.count("remove") ?? 0) > heldRemovals) return Infinity;
  return Math.min(...(REMOVALS_AFTER.get(type) ?? []).map((one) => all.get(one)?.oldestKept ?? Infinity));
}

/** How many removals wait for nothing that is under way: too little is known, or what is removed is still in use. */
export function keptRemovals(type: TypeUrl, all: Subscriptions, options: OrderOptions, source: Source): number {
  const { agenda } = all.get(type)!;
  if (!source.complete()) return agenda.count("remove");
  return agenda.removals(keptBefore(type, all, options), answeredBefore(type, all));
}
