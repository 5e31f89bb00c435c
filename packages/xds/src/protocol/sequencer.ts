/**
 * What a stream says next, over all of its types: make before break. Pure: `step(now)` gives the next response,
 * `deadline(now)` says when to ask again although nothing happened. Times are milliseconds of one monotonic clock.
 * A cluster and its endpoints have the same name.
 */
import type { Batch } from "./draft.ts";
import type { Flight, Overlap } from "./flights.ts";
import { lostAnswer, suspectAt } from "./lost-answers.ts";
import { DEFAULT_LIMITS, LimitError } from "./message.ts";
import type { DeltaRequest, DeltaResponse, Limits, Rejection, Verdict } from "./message.ts";
import { boundsOf, PATIENCE_MS, RESUMED_MS, SEND_ORDER, SUSPECT_PATIENCE_MS } from "./order.ts";
import type { OrderOptions } from "./order.ts";
import type { Resource, Source, TypeUrl, View } from "./resource.ts";
import { ALL_RULES } from "./rules.ts";
import type { Rules } from "./rules.ts";
import { Subscription } from "./subscription.ts";
import { CLUSTER, ENDPOINTS, LISTENER, ROUTES, SCOPED_ROUTES } from "./type-url.ts";
import { UnaskedTables } from "./unasked-tables.ts";

/** Envoy processes a second cluster response while the first is un-ACKed, which may last while a cluster warms. */
const CLUSTER_OVERLAP: Overlap = { flights: 4, afterMs: 100, yieldingAfterMs: 2000 };
const ROUTING: ReadonlySet<TypeUrl> = new Set([SCOPED_ROUTES, ROUTES, LISTENER]);
const EMPTY: Source = { get: () => undefined, names: () => [], complete: () => true };

export interface SequencerOptions {
  /** For a type whose removals the client ignores: what stands for a missing resource. */
  readonly absent?: ReadonlyMap<TypeUrl, (name: string) => Resource>;
  readonly limits?: Limits;
  /** What an earlier stream of the same client may have left behind; see `leftovers()`. */
  readonly leftovers?: ReadonlyMap<TypeUrl, readonly string[]>;
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
  /** Names that stay as they are, because too little is known or because they are in use. */
  readonly withheld: number;
  /** Responses without an answer. */
  readonly inFlight: number;
  /** Everything that is remembered about names, each reason counted: what the client costs. */
  readonly entries: number;
  readonly rejected: readonly Rejection[];
}

export class Sequencer {
  readonly #view: View;
  readonly #options: SequencerOptions;
  readonly #rules: Rules;
  readonly #limits: Limits;
  readonly #subscriptions = new Map<TypeUrl, Subscription>();
  /** Clusters whose endpoints were taken since the last step. */
  readonly #warmed = new Set<Flight>();
  readonly #unasked = new UnaskedTables(PATIENCE_MS);
  #endpointsComplete: boolean;
  /** Clusters that an earlier stream left unanswered, and that may still wait for their endpoints. */
  readonly #leftWarming: Set<string>;
  /** The client holds something from an earlier stream. */
  #resumed: boolean;
  /** When the client asked for another type, as far as a step has seen it. */
  #openedAt = -Infinity;
  #opened = 0;
  #epoch = 0;
  #nonce = 0;

  constructor(view: View, options: SequencerOptions = {}) {
    this.#view = view;
    this.#options = options;
    this.#rules = options.rules ?? ALL_RULES;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
    this.#leftWarming = new Set(options.leftovers?.get(CLUSTER));
    this.#resumed = (options.leftovers?.size ?? 0) > 0;
    this.#endpointsComplete = this.#source(ENDPOINTS).complete();
  }

  /** Takes a request. Throws `LimitError`: the stream must end. */
  request(type: TypeUrl, request: DeltaRequest): Verdict {
    this.#epoch++;
    const known = this.#subscriptions.get(type);
    const subscription = known ?? this.#subscribe(type);
    const verdict = subscription.request(request, this.#epoch);
    this.#resumed ||= Object.keys(request.initialVersions ?? {}).length > 0;
    if (known === undefined && type === ENDPOINTS) this.#endpointsOpened(subscription, request);
    if (type === SCOPED_ROUTES && verdict.kind === "nack") for (const name of verdict.names) this.#unasked.take(name);
    return verdict;
  }

  /** The view changed. */
  changed(changes: ReadonlyMap<TypeUrl, Iterable<string>>): void {
    this.#epoch++;
    for (const [type, subscription] of this.#subscriptions) {
      subscription.changed(changes.get(type) ?? [], this.#epoch);
    }
    // A cluster is withheld because of its endpoints: a change of these is reason enough to look again.
    const clusters = this.#subscriptions.get(CLUSTER);
    clusters?.reconsider(changes.get(ENDPOINTS) ?? [], this.#epoch);
    // And endpoints may go at once when their cluster has come to stay.
    this.#subscriptions.get(ENDPOINTS)?.retell(changes.get(CLUSTER) ?? [], this.#epoch);
    if (this.#endpointsComplete || !this.#source(ENDPOINTS).complete()) return;
    this.#endpointsComplete = true;
    clusters?.reconsider(clusters.withheld.names(), this.#epoch);
  }

  /** The next response to write, if any. Ask again until there is none, or the transport takes no more. */
  step(now: number): DeltaResponse | undefined {
    if (this.#opened !== this.#subscriptions.size) {
      this.#opened = this.#subscriptions.size;
      this.#openedAt = now;
    }
    for (const flight of this.#warmed) flight.quietSince = now;
    this.#warmed.clear();
    this.#unasked.expire(now);
    const urgent = this.#remedy(now) ?? this.#takeBack(now);
    if (urgent !== undefined) return { type: CLUSTER, ...urgent };
    for (let left = this.#pending(); ;) {
      const response = this.#pass(now);
      if (response !== undefined) return response;
      const still = this.#pending();
      // What had nothing to say may have been all that an earlier type waited for.
      if (still >= left) return undefined;
      left = still;
    }
  }

  /** When `step` may have something new to say although nothing happened in between. */
  deadline(now: number): number | undefined {
    const times: (number | undefined)[] = [];
    const waiting = [...ROUTING].some((type) => (this.#subscriptions.get(type)?.agenda.size ?? 0) > 0);
    if (waiting) times.push(this.#unasked.expiresAt);
    for (const [type, subscription] of this.#subscriptions) {
      times.push(subscription.followAt());
      const { suspectedAt } = subscription.agenda;
      if (waiting && suspectedAt !== undefined) {
        for (const patience of Object.values(SUSPECT_PATIENCE_MS)) times.push(suspectedAt + patience);
      }
      if (this.#resumed && subscription.agenda.size > 0) times.push(this.#openedAt + RESUMED_MS);
      for (const flight of subscription.flights) {
        if (waiting) times.push(flight.sentAt + PATIENCE_MS);
        if (type === CLUSTER && this.#rules.takeBackWhenNackIsSwallowed) times.push(suspectAt(flight));
      }
    }
    let next: number | undefined;
    for (const time of times) if (time !== undefined && time > now && (next === undefined || time < next)) next = time;
    return next;
  }

  /** When the oldest response was sent that has no answer. */
  unansweredSince(): number | undefined {
    let oldest: number | undefined;
    for (const { flights } of this.#subscriptions.values()) {
      for (const flight of flights) if (oldest === undefined || flight.sentAt < oldest) oldest = flight.sentAt;
    }
    return oldest;
  }

  /** Names that the client may hold, or wait for, without reporting them on its next stream. */
  leftovers(): Map<TypeUrl, readonly string[]> {
    const left = new Map<TypeUrl, readonly string[]>();
    for (const [type, names] of this.#options.leftovers ?? [])
      if (!this.#subscriptions.has(type)) left.set(type, names);
    for (const [type, subscription] of this.#subscriptions) {
      const names = new Set([...subscription.uncertain(), ...(type === CLUSTER ? this.#leftWarming : [])]);
      if (names.size > 0) left.set(type, [...names]);
    }
    return left;
  }

  state(): TypeState[] {
    return [...this.#subscriptions].map(([type, subscription]) => ({
      type,
      held: subscription.heldCount,
      pending: subscription.agenda.size,
      withheld: subscription.withheld.size,
      inFlight: subscription.flights.size,
      entries: subscription.entries,
      rejected: subscription.rejections(),
    }));
  }

  #pending(): number {
    let pending = 0;
    for (const { agenda } of this.#subscriptions.values()) pending += agenda.size;
    return pending;
  }

  #source(type: TypeUrl): Source {
    return this.#view.source(type) ?? EMPTY;
  }

  #subscribe(type: TypeUrl): Subscription {
    if (this.#subscriptions.size >= this.#limits.types) {
      throw new LimitError(`more than ${this.#limits.types} types on one stream`);
    }
    const absent = this.#rules.emptyAssignmentInsteadOfRemoval ? this.#options.absent?.get(type) : undefined;
    const subscription = new Subscription({
      source: this.#source(type),
      limits: this.#limits,
      leftovers: this.#options.leftovers?.get(type) ?? [],
      resendSiblings: this.#rules.resendSiblingsAfterNack,
      ...(absent === undefined ? {} : { absent }),
      // Envoy ignores the removal of routes that a listener uses, be it one that drains: so their clusters stay as
      // well.
      untilUnnamed: type === ROUTES && this.#rules.removalsWaitForRoutes,
      ...(type === ROUTES ? { asked: (name: string) => this.#unasked.take(name) } : {}),
      ...(type === ENDPOINTS ? this.#endpointsOptions() : {}),
      ...(type === CLUSTER ? this.#clusterOptions() : {}),
    });
    this.#subscriptions.set(type, subscription);
    return subscription;
  }

  #endpointsOptions() {
    // Endpoints may go at once while their cluster stays; with their cluster they go after it.
    const harmless = (name: string) => this.#source(CLUSTER).get(name) !== undefined;
    return { harmless, taken: (name: string) => this.#endpointsTaken(name) };
  }

  #clusterOptions() {
    const frozen = (name: string) => this.#endpointsUnknown(name);
    // It asks for the endpoints of the clusters that it took.
    const used = (name: string) => this.#subscriptions.get(ENDPOINTS)?.wants(name) === true;
    const { replaceClustersAlone: replaceAlone, freeOfRefusedClusters: remedies } = this.#rules;
    return { overlap: CLUSTER_OVERLAP, replaceAlone, remedies, recalls: remedies, frozen, used };
  }

  /** A modified cluster warms until its endpoints come again: it stays as it is while nothing may be said of them. */
  #endpointsUnknown(cluster: string): boolean {
    const endpoints = this.#subscriptions.get(ENDPOINTS);
    return endpoints !== undefined && endpoints.wants(cluster) && endpoints.silent(cluster);
  }

  /** Clusters that were sent before the client said which endpoints it has warm as well; so may those left behind. */
  #endpointsOpened(endpoints: Subscription, { subscribe = [], initialVersions = {} }: DeltaRequest): void {
    const clusters = this.#subscriptions.get(CLUSTER);
    // Who asks for endpoints has the cluster, though it does not report one that it took from a refused response.
    for (const name of subscribe) {
      const gone = this.#source(CLUSTER).get(name) === undefined;
      const unsent = clusters?.flights.word(name) === undefined && (gone || this.#resumed);
      if (unsent || Object.hasOwn(initialVersions, name)) clusters?.surelyHeld(name, this.#epoch);
      // A cluster that is about to be removed serves until then, if it has endpoints.
      if (gone) endpoints.maybeHeld(name, this.#epoch);
    }
    clusters?.reconsider(clusters.withheld.names(), this.#epoch);
    if (!this.#rules.resendEndpointsOfModifiedClusters) return;
    const warming = [...this.#leftWarming, ...(clusters?.flights.names.keys() ?? [])];
    for (const name of warming) if (this.#source(CLUSTER).get(name) !== undefined) endpoints.resend(name, this.#epoch);
  }

  #endpointsTaken(name: string): void {
    this.#leftWarming.delete(name);
    const flight = this.#subscriptions.get(CLUSTER)?.flights.of(name);
    if (flight !== undefined) this.#warmed.add(flight);
  }

  /** One look at each type. */
  #pass(now: number): DeltaResponse | undefined {
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

  #next(type: TypeUrl, now: number): DeltaResponse | undefined {
    const subscription = this.#subscriptions.get(type);
    if (subscription === undefined || (subscription.agenda.size === 0 && !subscription.owesFirst)) return undefined;
    const bounds = boundsOf(type, this.#subscriptions, this.#order(now), now);
    const batch = subscription.next(bounds, this.#epoch, now, () => this.#nextNonce());
    if (batch === undefined) return undefined;
    if (type === CLUSTER) this.#clustersSent(batch);
    if (type === SCOPED_ROUTES) this.#scopesSent(batch, subscription, now);
    return { type, ...batch };
  }

  #order(now: number): OrderOptions {
    return {
      rules: this.#rules,
      heldRemovals: this.#limits.heldRemovals,
      resuming: this.#resumed && now < this.#openedAt + RESUMED_MS,
      unasked: this.#unasked.oldest,
      scoped: () => !isEmpty(this.#source(SCOPED_ROUTES).names()),
    };
  }

  #nextNonce(): string {
    return String(++this.#nonce);
  }

  #clustersSent(batch: Batch): void {
    if (!this.#rules.resendEndpointsOfModifiedClusters) return;
    const endpoints = this.#subscriptions.get(ENDPOINTS);
    for (const { name } of batch.resources) endpoints?.resend(name, this.#epoch);
  }

  #scopesSent({ resources, removed }: Batch, { flights }: Subscription, now: number): void {
    const routes = this.#subscriptions.get(ROUTES);
    for (const name of removed) this.#unasked.take(name);
    for (const { name } of resources) {
      if (routes?.wants(name) !== true) this.#unasked.add(name, flights.of(name)!.names.get(name)!.since, now);
    }
  }

  #remedy(now: number): Batch | undefined {
    const batch = this.#subscriptions.get(CLUSTER)?.remedy(now, () => this.#nextNonce());
    if (batch !== undefined) this.#clustersSent(batch);
    return batch;
  }

  #takeBack(now: number): Batch | undefined {
    const clusters = this.#subscriptions.get(CLUSTER);
    if (clusters === undefined || !this.#rules.takeBackWhenNackIsSwallowed) return undefined;
    const endpoints = this.#subscriptions.get(ENDPOINTS);
    for (;;) {
      const flight = lostAnswer(clusters, endpoints, now);
      if (flight === undefined) return undefined;
      const refused = (name: string) => endpoints?.wants(name) !== true;
      const batch = clusters.takeBack(flight, refused, this.#epoch, now, () => this.#nextNonce());
      if (batch !== undefined) return batch;
    }
  }
}

function isEmpty(names: Iterable<string>): boolean {
  for (const _ of names) return false;
  return true;
}
