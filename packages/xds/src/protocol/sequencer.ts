/**
 * What a stream says next, over all of its types: make before break. Pure: `step(now)` gives the next response,
 * `deadline(now)` says when to ask again although nothing happened. Times are milliseconds of one monotonic clock.
 * A cluster and its endpoints have the same name.
 */
import { Clusters } from "./clusters.ts";
import { suspectAt } from "./lost-answers.ts";
import { DEFAULT_LIMITS, LimitError } from "./message.ts";
import type { DeltaRequest, DeltaResponse, Limits, Rejection, Verdict } from "./message.ts";
import {
  boundsOf,
  keptRemovals,
  PATIENCE_MS,
  resumedUntil,
  ROUTING,
  SEND_ORDER,
  SUSPECT_PATIENCE_MS,
} from "./order.ts";
import type { OrderOptions } from "./order.ts";
import type { Resource, Source, TypeUrl, View } from "./resource.ts";
import { ALL_RULES } from "./rules.ts";
import type { Rules } from "./rules.ts";
import { Scopes } from "./scopes.ts";
import { Subscription } from "./subscription.ts";
import { CLUSTER, ENDPOINTS, ROUTES, SCOPED_ROUTES } from "./type-url.ts";

const EMPTY: Source = { get: () => undefined, names: () => [], complete: () => true };

export interface SequencerOptions {
  /** For a type whose removals the client ignores: what stands for a missing resource. */
  readonly absent?: ReadonlyMap<TypeUrl, (name: string) => Resource>;
  readonly limits?: Limits;
  /** A type whose resources follow everything that was there when they were asked for, once the client has taken it. */
  readonly last?: TypeUrl;
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
  /** Names that will be told, or looked at, without a further change. */
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
  readonly #clusters: Clusters;
  readonly #scopes: Scopes;
  /** The client holds something from an earlier stream. */
  #resumed: boolean;
  /** The time is over in which it tells what it holds. */
  #toldAll = false;
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
    const left = options.leftovers?.get(CLUSTER);
    this.#clusters = new Clusters(this.#subscriptions, this.#source(CLUSTER), this.#rules, left);
    this.#scopes = new Scopes(this.#subscriptions, this.#source(SCOPED_ROUTES), this.#rules);
    this.#resumed = (options.leftovers?.size ?? 0) > 0;
  }

  /** Takes a request. Throws `LimitError`: the stream must end. */
  request(type: TypeUrl, request: DeltaRequest): Verdict {
    this.#epoch++;
    const known = this.#subscriptions.get(type);
    const subscription = known ?? this.#subscribe(type);
    const verdict = subscription.request(request, this.#epoch);
    if (known === undefined) this.#typeOpened(type, request);
    this.#scopes.answered(type, verdict, this.#epoch);
    return verdict;
  }

  /** The view changed; see `View.watch`. */
  changed(changes: ReadonlyMap<TypeUrl, Iterable<string>>, learned = false): void {
    this.#epoch++;
    for (const [type, subscription] of this.#subscriptions) {
      subscription.changed(changes.get(type) ?? [], this.#epoch, learned);
    }
    // A cluster is withheld because of its endpoints: a change of these is reason enough to look again.
    const clusters = this.#subscriptions.get(CLUSTER);
    clusters?.reconsider(changes.get(ENDPOINTS) ?? [], this.#epoch);
    // And endpoints may go at once when their cluster has come to stay.
    this.#subscriptions.get(ENDPOINTS)?.retell(changes.get(CLUSTER) ?? [], this.#epoch);
  }

  /** The next response to write, if any. Ask again until there is none, or the transport takes no more. */
  step(now: number): DeltaResponse | undefined {
    if (this.#opened !== this.#subscriptions.size) {
      this.#opened = this.#subscriptions.size;
      this.#openedAt = now;
    }
    this.#scopes.tick(now, this.#epoch);
    if (this.#resumed && this.#opened > 0 && !this.#toldAll && now >= Math.min(...this.#resumedUntil())) {
      this.#toldAll = true;
      this.#scopes.resumed(this.#epoch);
    }
    const urgent = this.#clusters.urgent(this.#epoch, now, this.#nextNonce);
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
    times.push(this.#scopes.expiresAt);
    if (this.#scopes.entries > 0) times.push(...this.#resumedUntil());
    for (const [type, subscription] of this.#subscriptions) {
      times.push(subscription.followAt());
      const { suspectedAt } = subscription.agenda;
      if (waiting && suspectedAt !== undefined) {
        for (const patience of Object.values(SUSPECT_PATIENCE_MS)) times.push(suspectedAt + patience);
      }
      if (subscription.agenda.size > 0) times.push(...this.#resumedUntil());
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
      const names = subscription.uncertain();
      if (names.length > 0) left.set(type, names);
    }
    return left;
  }

  state(): TypeState[] {
    return [...this.#subscriptions].map(([type, subscription]) => {
      const kept = keptRemovals(type, this.#subscriptions, this.#order(), this.#source(type));
      return {
        type,
        held: subscription.heldCount,
        pending: subscription.agenda.size - kept,
        withheld: subscription.withheld.size + kept,
        inFlight: subscription.flights.size,
        entries: subscription.entries + (type === SCOPED_ROUTES ? this.#scopes.entries : 0),
        rejected: subscription.rejections(),
      };
    });
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
      ...(type === ROUTES ? this.#scopes.routesOptions() : {}),
      ...(type === ENDPOINTS ? this.#clusters.endpointsOptions(absent) : {}),
      ...(type === CLUSTER ? this.#clusters.options() : {}),
    });
    this.#subscriptions.set(type, subscription);
    return subscription;
  }

  #typeOpened(type: TypeUrl, request: DeltaRequest): void {
    // A client whose clusters warm tells of their endpoints first.
    const silent = type === ENDPOINTS && !this.#subscriptions.has(CLUSTER);
    this.#resumed ||= silent || Object.keys(request.initialVersions ?? {}).length > 0;
    if (type === CLUSTER) this.#clusters.opened(this.#resumed, this.#epoch);
    if (type === ENDPOINTS) this.#clusters.endpointsOpened(request, this.#resumed, this.#epoch);
    if (type === SCOPED_ROUTES) this.#scopes.opened(request);
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
    const bounds = boundsOf(type, this.#subscriptions, this.#order(), now);
    const batch = subscription.next(bounds, this.#epoch, now, this.#nextNonce);
    if (batch === undefined) return undefined;
    if (type === CLUSTER) this.#clusters.sent(batch, this.#epoch);
    if (type === SCOPED_ROUTES) this.#scopes.sent(batch, now);
    return { type, ...batch };
  }

  /** When waiting for what the client may still tell ends: for what it lacks, and for the rest. */
  #resumedUntil(): number[] {
    if (!this.#resumed) return [];
    return Object.values(SUSPECT_PATIENCE_MS).map((ms) => resumedUntil(this.#subscriptions, this.#openedAt, ms));
  }

  #order(): OrderOptions {
    return {
      rules: this.#rules,
      heldRemovals: this.#limits.heldRemovals,
      resumedAt: this.#resumed ? this.#openedAt : undefined,
      awaited: this.#scopes.awaited,
      last: this.#options.last,
      scoped: () => this.#scopes.exist,
    };
  }

  readonly #nextNonce = (): string => String(++this.#nonce);
}
