/**
 * What a stream says next, over all of its types: make before break. Pure: `step(now)` gives the next response,
 * `deadline(now)` says when to ask again although nothing happened. Times are milliseconds of one monotonic clock.
 */
import type { Flight, Overlap } from "./flights.ts";
import { DEFAULT_LIMITS, LimitError } from "./message.ts";
import type { DeltaRequest, DeltaResponse, Limits, Rejection, Verdict } from "./message.ts";
import type { Resource, Source, TypeUrl, View } from "./resource.ts";
import { ALL_RULES } from "./rules.ts";
import type { Rules } from "./rules.ts";
import { Subscription } from "./subscription.ts";
import type { Batch, Gate } from "./subscription.ts";
import {
  ADDS_AFTER,
  CLUSTER,
  ENDPOINTS,
  LISTENER,
  REMOVALS_AFTER,
  ROUTES,
  SCOPED_ROUTES,
  SEND_ORDER,
} from "./type-url.ts";

/** Envoy processes a second cluster response while the first is un-ACKed, which may last while a cluster warms. */
const CLUSTER_OVERLAP: Overlap = { flights: 4, afterMs: 100, aloneAfterMs: 2000 };
/** Clusters without an answer for this long, though their endpoints were taken, hide a refusal. */
const SWALLOWED_AFTER_MS = 2000;
/** Nothing waits longer than this for the answer to something that was sent. */
const PATIENCE_MS = 5000;

const ROUTING: ReadonlySet<TypeUrl> = new Set([SCOPED_ROUTES, ROUTES, LISTENER]);
const EMPTY: Source = { get: () => undefined, names: () => [], complete: () => true };

export interface SequencerOptions {
  /** For a type whose removals the client ignores: what stands for a missing resource. */
  readonly absent?: ReadonlyMap<TypeUrl, (name: string) => Resource>;
  readonly limits?: Limits;
  /** What an earlier stream of the same client may have left behind; see `leftovers()`. */
  readonly leftovers?: ReadonlyMap<TypeUrl, readonly string[]>;
  /** Name of the endpoints of a cluster; the cluster's own name when not given. */
  readonly endpointsOf?: (cluster: Resource) => string;
  /** Tests switch single rules off. */
  readonly rules?: Rules;
}

/** What is known about one type of a stream. */
export interface TypeState {
  readonly type: TypeUrl;
  /** Resources that the client is believed to hold. */
  readonly held: number;
  /** Names that still have to be looked at. */
  readonly pending: number;
  /** Names kept as they are because too little is known. */
  readonly withheld: number;
  /** Responses without an answer. */
  readonly inFlight: number;
  readonly rejected: readonly Rejection[];
}

export class Sequencer {
  readonly #view: View;
  readonly #options: SequencerOptions;
  readonly #rules: Rules;
  readonly #limits: Limits;
  readonly #subscriptions = new Map<TypeUrl, Subscription>();
  /** Clusters sent before the client said which endpoints it has: these warm as well. */
  readonly #clustersBeforeEndpoints = new Set<string>();
  #epoch = 0;
  #nonce = 0;

  constructor(view: View, options: SequencerOptions = {}) {
    this.#view = view;
    this.#options = options;
    this.#rules = options.rules ?? ALL_RULES;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
  }

  /** Takes a request. Throws `LimitError`: the stream must end. */
  request(type: TypeUrl, request: DeltaRequest): Verdict {
    this.#epoch++;
    const known = this.#subscriptions.get(type);
    const subscription = known ?? this.#subscribe(type);
    const verdict = subscription.request(request, this.#epoch);
    if (known === undefined && type === ENDPOINTS) {
      for (const name of this.#clustersBeforeEndpoints) subscription.resend(name, this.#epoch);
      this.#clustersBeforeEndpoints.clear();
    }
    return verdict;
  }

  /** The view changed. */
  changed(changes: ReadonlyMap<TypeUrl, Iterable<string>>): void {
    this.#epoch++;
    for (const [type, subscription] of this.#subscriptions) {
      subscription.changed(changes.get(type) ?? [], this.#epoch);
    }
    const clusters = this.#subscriptions.get(CLUSTER);
    if (clusters === undefined || clusters.withheldCount === 0) return;
    // A cluster is withheld with its endpoints; its name in a change of endpoints is enough to look again.
    const endpoints = this.#subscriptions.get(ENDPOINTS);
    const thawed = [...clusters.withheld].filter((name) => endpoints?.silent(this.#endpointsOf(name)) !== true);
    clusters.reconsider(thawed, this.#epoch);
  }

  /** The next response to write, if any. Ask again until there is none, or the transport takes no more. */
  step(now: number): DeltaResponse | undefined {
    const taken = this.#takeBack(now);
    if (taken !== undefined) return { type: CLUSTER, ...taken };
    for (const type of SEND_ORDER) {
      const response = this.#next(type, now);
      if (response !== undefined) return response;
    }
    for (const type of this.#subscriptions.keys()) {
      const response = SEND_ORDER.includes(type) ? undefined : this.#next(type, now);
      if (response !== undefined) return response;
    }
    return undefined;
  }

  /** When `step` may have something new to say although nothing happened in between. */
  deadline(now: number): number | undefined {
    const times: (number | undefined)[] = [];
    let waiting = false;
    for (const [type, subscription] of this.#subscriptions) {
      times.push(subscription.followDeadline());
      if (ROUTING.has(type)) waiting ||= subscription.pendingCount > 0;
    }
    for (const [type, { flights }] of this.#subscriptions) {
      for (const flight of flights) {
        if (waiting) times.push(flight.sentAt + PATIENCE_MS);
        if (type === CLUSTER && !flight.takenBack && flight.quietSince !== undefined) {
          times.push(flight.quietSince + SWALLOWED_AFTER_MS);
        }
      }
    }
    const next = Math.min(...times.filter((time) => time !== undefined && time > now).map(Number));
    return next === Infinity ? undefined : next;
  }

  /** When the oldest response was sent that has no answer. */
  unansweredSince(): number | undefined {
    let oldest: number | undefined;
    for (const { flights } of this.#subscriptions.values()) {
      for (const flight of flights) if (oldest === undefined || flight.sentAt < oldest) oldest = flight.sentAt;
    }
    return oldest;
  }

  /** Names that the client may hold without reporting them on its next stream. */
  leftovers(): Map<TypeUrl, readonly string[]> {
    const left = new Map<TypeUrl, readonly string[]>();
    for (const [type, subscription] of this.#subscriptions) {
      const names = subscription.uncertain();
      if (names.length > 0) left.set(type, names);
    }
    return left;
  }

  state(): TypeState[] {
    return [...this.#subscriptions].map(([type, subscription]) => ({
      type,
      held: subscription.heldCount(),
      pending: subscription.pendingCount,
      withheld: subscription.withheldCount,
      inFlight: subscription.flights.size,
      rejected: subscription.rejections(),
    }));
  }

  #subscribe(type: TypeUrl): Subscription {
    if (this.#subscriptions.size >= this.#limits.types) {
      throw new LimitError(`more than ${this.#limits.types} types on one stream`);
    }
    const absent = this.#rules.emptyAssignmentInsteadOfRemoval ? this.#options.absent?.get(type) : undefined;
    const subscription = new Subscription({
      source: this.#view.source(type) ?? EMPTY,
      limits: this.#limits,
      leftovers: this.#options.leftovers?.get(type) ?? [],
      resendSiblings: this.#rules.resendSiblingsAfterNack,
      ...(absent === undefined ? {} : { absent }),
      ...(type === CLUSTER ? { overlap: CLUSTER_OVERLAP, frozen: (name: string) => this.#frozen(name) } : {}),
    });
    this.#subscriptions.set(type, subscription);
    return subscription;
  }

  /** A modified cluster warms until its endpoints come again: it stays as it is while nothing may be said of them. */
  #frozen(cluster: string): boolean {
    const endpoints = this.#subscriptions.get(ENDPOINTS);
    const name = this.#endpointsOf(cluster);
    return endpoints !== undefined && endpoints.wants(name) && endpoints.silent(name);
  }

  #endpointsOf(cluster: string): string {
    const resource = this.#options.endpointsOf && this.#view.source(CLUSTER)?.get(cluster);
    return resource === undefined ? cluster : this.#options.endpointsOf!(resource);
  }

  #next(type: TypeUrl, now: number): DeltaResponse | undefined {
    const subscription = this.#subscriptions.get(type);
    if (subscription === undefined || (subscription.pendingCount === 0 && !subscription.owesFirst)) return undefined;
    const batch = subscription.next(this.#gate(type, now), this.#epoch, now, () => this.#nextNonce());
    if (batch === undefined) return undefined;
    if (type === CLUSTER) this.#clustersSent(batch);
    if (ROUTING.has(type)) this.#routesSent(now);
    return { type, ...batch };
  }

  #nextNonce(): string {
    return String(++this.#nonce);
  }

  #clustersSent(batch: Batch): void {
    if (!this.#rules.resendEndpointsOfModifiedClusters) return;
    const endpoints = this.#subscriptions.get(ENDPOINTS);
    for (const cluster of batch.resources) {
      const name = this.#endpointsOf(cluster.name);
      if (endpoints === undefined) this.#clustersBeforeEndpoints.add(name);
      else endpoints.resend(name, this.#epoch);
    }
  }

  #routesSent(now: number): void {
    for (const flight of this.#subscriptions.get(CLUSTER)?.flights ?? []) {
      if (now - flight.sentAt >= PATIENCE_MS) flight.exposed = true;
    }
  }

  #gate(type: TypeUrl, now: number): Gate {
    const adds = once(() => this.#addsBefore(type, now));
    const removals = once(() => this.#removalsBefore(type));
    return {
      add: (epoch) => epoch < adds(),
      remove: (name, epoch) => {
        // An assignment may be emptied at once while its cluster stays.
        if (type === ENDPOINTS && this.#view.source(CLUSTER)?.get(name) !== undefined) return true;
        return epoch < removals();
      },
    };
  }

  /** Additions as of an earlier epoch than this may be sent. */
  #addsBefore(type: TypeUrl, now: number): number {
    if (type === ENDPOINTS && !this.#rules.endpointsDoNotWaitForClusterAck) {
      return (this.#subscriptions.get(CLUSTER)?.flights.size ?? 0) > 0 ? -1 : Infinity;
    }
    if (type === ROUTES && !this.#rules.answerRoutesWithListeners) return -1;
    if (!this.#rules.routesWaitForClusters) return Infinity;
    let before = Infinity;
    for (const dependency of ADDS_AFTER.get(type) ?? []) {
      const oldest = this.#subscriptions.get(dependency)?.oldestAdd(now - PATIENCE_MS, dependency === ENDPOINTS);
      before = Math.min(before, oldest ?? Infinity);
    }
    return before;
  }

  /** Removals of an earlier epoch than this may be sent. */
  #removalsBefore(type: TypeUrl): number {
    if (!this.#rules.removalsWaitForRoutes) return Infinity;
    // A client that refuses a route keeps the old one with all that it names; but not without bound.
    const held = this.#subscriptions.get(type)?.pendingCount ?? 0;
    const withParked = held <= this.#limits.heldRemovals;
    let before = Infinity;
    for (const dependency of REMOVALS_AFTER.get(type) ?? []) {
      before = Math.min(before, this.#subscriptions.get(dependency)?.oldestOpen(withParked) ?? Infinity);
    }
    return before;
  }

  /** Envoy swallows the refusal of a cluster beside one that warms; removing what the response added frees it. */
  #takeBack(now: number): Batch | undefined {
    const clusters = this.#subscriptions.get(CLUSTER);
    if (clusters === undefined || !this.#rules.takeBackWhenNackIsSwallowed) return undefined;
    for (const flight of clusters.flights) {
      if (flight.takenBack || flight.exposed) continue;
      if (!this.#endpointsTaken(flight)) {
        flight.quietSince = undefined;
        return undefined;
      }
      flight.quietSince ??= now;
      if (now - flight.quietSince < SWALLOWED_AFTER_MS) return undefined;
      const batch = clusters.takeBack(flight, this.#epoch, now, () => this.#nextNonce());
      if (batch !== undefined) return batch;
    }
    return undefined;
  }

  #endpointsTaken(flight: Flight): boolean {
    const endpoints = this.#subscriptions.get(ENDPOINTS);
    if (endpoints === undefined) return true;
    for (const [cluster, { version }] of flight.names) {
      if (version === undefined) continue;
      const name = this.#endpointsOf(cluster);
      if (endpoints.wants(name) && (endpoints.open(name) || endpoints.silent(name))) return false;
    }
    return true;
  }
}

function once(compute: () => number): () => number {
  let value: number | undefined;
  return () => (value ??= compute());
}
