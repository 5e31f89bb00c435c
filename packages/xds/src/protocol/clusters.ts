/**
 * Clusters and their endpoints on one stream. A cluster and its endpoints have the same name: a new cluster asks for
 * them, a modified one waits for them in silence, and while one warms the client answers nothing about clusters.
 */
import type { Batch } from "./draft.ts";
import type { Flight, Overlap } from "./flights.ts";
import { lostAnswer } from "./lost-answers.ts";
import type { DeltaRequest } from "./message.ts";
import type { Resource, Source, TypeUrl } from "./resource.ts";
import type { Rules } from "./rules.ts";
import type { Subscription } from "./subscription.ts";
import { CLUSTER, ENDPOINTS } from "./type-url.ts";

/** Envoy processes a second cluster response while the first is un-ACKed, which may last while a cluster warms. */
const OVERLAP: Overlap = { flights: 4, afterMs: 100, yieldingAfterMs: 2000 };

export class Clusters {
  readonly #all: ReadonlyMap<TypeUrl, Subscription>;
  readonly #source: Source;
  readonly #rules: Rules;
  /** Clusters that an earlier stream left unanswered. */
  readonly #left: readonly string[];
  /** Responses about clusters whose endpoints were taken since the last look. */
  readonly #warmed = new Set<Flight>();

  constructor(
    all: ReadonlyMap<TypeUrl, Subscription>,
    source: Source,
    rules: Rules,
    leftovers: readonly string[] = [],
  ) {
    this.#all = all;
    this.#source = source;
    this.#rules = rules;
    this.#left = leftovers;
  }

  /** How clusters are subscribed to. */
  options() {
    const frozen = (name: string) => this.#endpointsUnknown(name);
    // It asks for the endpoints of the clusters that it took.
    const used = (name: string) => this.#endpoints?.wants(name) === true;
    const { replaceClustersAlone: replaceAlone, freeOfRefusedClusters: remedies } = this.#rules;
    return { overlap: OVERLAP, replaceAlone, remedies, recalls: remedies, frozen, used };
  }

  /** How endpoints are subscribed to. `empty` makes the assignment that stands for a missing one. */
  endpointsOptions(empty?: (name: string) => Resource) {
    const stays = (name: string) => this.#source.get(name) !== undefined;
    // Endpoints may go at once while their cluster stays; with their cluster they go after it. A client that does not
    // tell its clusters waits for word of endpoints.
    const harmless = (name: string) => stays(name) || this.#clusters === undefined;
    // A removal ends the waiting, and is ignored where there are endpoints: these serve for as long as their cluster.
    const absent = (name: string) => (stays(name) ? empty?.(name) : undefined);
    return { harmless, absent, taken: (name: string) => this.#endpointsTaken(name) };
  }

  /** The client tells its clusters. `resumed`: it holds something from an earlier stream. */
  opened(resumed: boolean, epoch: number): void {
    // Who asks for endpoints has the cluster.
    for (const name of this.#endpoints?.asked() ?? []) {
      if (resumed || this.#source.get(name) === undefined) this.#clusters?.surelyHeld(name, epoch);
    }
    if (this.#endpoints !== undefined) this.#freeOfLeftovers();
  }

  /** The client tells its endpoints. `resumed`: it holds something from an earlier stream. */
  endpointsOpened({ subscribe = [], initialVersions = {} }: DeltaRequest, resumed: boolean, epoch: number): void {
    const [clusters, endpoints] = [this.#clusters, this.#endpoints!];
    // Who asks for endpoints has the cluster, though it does not report one that it took from a refused response.
    for (const name of subscribe) {
      const gone = this.#source.get(name) === undefined;
      const unsent = clusters?.flights.word(name) === undefined && (gone || resumed);
      if (unsent || Object.hasOwn(initialVersions, name)) clusters?.surelyHeld(name, epoch);
    }
    clusters?.reconsider(clusters.withheld.names(), epoch);
    this.#freeOfLeftovers();
    if (!this.#rules.resendEndpointsOfModifiedClusters) return;
    // Clusters that were sent before warm. A client that does not tell them has some that warm: nobody knows which.
    for (const name of clusters?.flights.names.keys() ?? subscribe) endpoints.resend(name, epoch);
  }

  /** A response about clusters was sent. */
  sent({ resources }: Batch, epoch: number): void {
    if (!this.#rules.resendEndpointsOfModifiedClusters) return;
    for (const { name } of resources) this.#endpoints?.resend(name, epoch);
  }

  /** What has to be said before anything else. */
  urgent(epoch: number, now: number, nonce: () => string): Batch | undefined {
    for (const flight of this.#warmed) flight.quietSince = now;
    this.#warmed.clear();
    const remedy = this.#clusters?.remedy(now, nonce);
    if (remedy === undefined) return this.#takeBack(epoch, now, nonce);
    this.sent(remedy, epoch);
    return remedy;
  }

  get #clusters(): Subscription | undefined {
    return this.#all.get(CLUSTER);
  }

  get #endpoints(): Subscription | undefined {
    return this.#all.get(ENDPOINTS);
  }

  /** What was left unanswered, and is neither reported nor asked endpoints of, was refused or never came. */
  #freeOfLeftovers(): void {
    if (!this.#rules.freeOfRefusedClusters) return;
    for (const name of this.#left) this.#clusters?.maybeRefused(name);
  }

  /** A modified cluster warms until its endpoints come again: it stays as it is while nothing may be said of them. */
  #endpointsUnknown(cluster: string): boolean {
    const endpoints = this.#endpoints;
    return endpoints !== undefined && endpoints.wants(cluster) && endpoints.silent(cluster);
  }

  #endpointsTaken(name: string): void {
    const flight = this.#clusters?.flights.of(name);
    if (flight !== undefined) this.#warmed.add(flight);
  }

  #takeBack(epoch: number, now: number, nonce: () => string): Batch | undefined {
    const clusters = this.#clusters;
    if (clusters === undefined || !this.#rules.takeBackWhenNackIsSwallowed) return undefined;
    for (;;) {
      const flight = lostAnswer(clusters, this.#endpoints, now);
      if (flight === undefined) return undefined;
      const refused = (name: string) => this.#endpoints?.wants(name) !== true;
      const batch = clusters.takeBack(flight, refused, epoch, now, nonce);
      if (batch !== undefined) return batch;
    }
  }
}
