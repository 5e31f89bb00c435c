/**
 * Envoy's clusters. Each warms until its endpoints come. A cluster whose load balancer Envoy cannot make is refused, but
 * stays among those that warm. Its clusters fall silent when one is added or removed and some warm, and speak again
 * when none does.
 */
import type { DeltaResponse, Resource } from "@carrick/xds/protocol";
import { meaningOf } from "./meaning.ts";

/** An assignment that does not come is given up: the cluster goes on with what it had. */
const FETCH_TIMEOUT_MS = 15_000;

export interface Answer {
  readonly nonce: string;
  readonly error?: string;
}

interface Warming {
  readonly version: string;
  readonly since: number;
  /** It was refused: nothing will ever warm it. */
  readonly refused: boolean;
}

export class ClusterModel {
  /** Clusters that serve, by the version that serves. */
  readonly active = new Map<string, string>();
  readonly #warming = new Map<string, Warming>();
  readonly assignments = new Map<string, readonly string[]>();
  /** Clusters that waited for endpoints until the time was over. */
  readonly stalled: string[] = [];
  #held: Answer[] = [];
  /** How many warmed when one was added, warmed or removed last. */
  #counted = 0;

  /** Whether it says nothing about clusters, on an old stream or on a new one. */
  get silent(): boolean {
    return this.#counted > 0;
  }

  /** Whether a cluster waits for its endpoints. */
  get warms(): boolean {
    return [...this.#warming.values()].some(({ refused }) => !refused);
  }

  /** Refused clusters of which Envoy was not freed. */
  get stuck(): string[] {
    return [...this.#warming].filter(([, { refused }]) => refused).map(([name]) => name);
  }

  /** Takes a response; what becomes of its answer is told by `answers()`. Gives the clusters that were new. */
  take(
    response: DeltaResponse,
    now: number,
  ): { readonly ok: boolean; readonly added: string[]; readonly removed: string[] } {
    const { nonce, resources } = response;
    const invalid = resources.filter((resource) => meaningOf(resource).bad === "format").map(({ name }) => name);
    if (invalid.length > 0) {
      const error = `Proto constraint validation failed (ClusterValidationError.${invalid.join()}): name: "${invalid.join()}"`;
      this.#held.push({ nonce, error });
      return { ok: false, added: [], removed: [] };
    }
    const refused: string[] = [];
    const added: string[] = [];
    for (const resource of resources) {
      const took = this.#takeOne(resource, now);
      if (took === "refused") refused.push(resource.name);
      else if (took === "new") added.push(resource.name);
    }
    const removed = response.removed.filter((name) => this.#remove(name));
    const error = `Error adding/updating cluster(s) ${refused.join(", ")}: refused`;
    this.#held.push(refused.length === 0 ? { nonce } : { nonce, error });
    return { ok: refused.length === 0, added, removed };
  }

  /** Endpoints came, if only to say that there are none. */
  assign(name: string, endpoints: readonly string[] | undefined): void {
    const warming = this.#warming.get(name);
    // The removal of an assignment that is loaded is ignored.
    if (endpoints !== undefined) this.assignments.set(name, endpoints);
    if (warming === undefined || warming.refused) return;
    this.#warming.delete(name);
    this.active.set(name, warming.version);
    if (!this.assignments.has(name)) this.assignments.set(name, []);
    this.#count();
  }

  /** When it gives up waiting next. Infinity when it waits for nothing. */
  get givesUpAt(): number {
    const waiting = [...this.#warming.values()].filter(({ refused }) => !refused);
    return Math.min(...waiting.map(({ since }) => since + FETCH_TIMEOUT_MS));
  }

  tick(now: number): void {
    for (const [name, { since, refused }] of this.#warming) {
      if (refused || now < since + FETCH_TIMEOUT_MS) continue;
      this.stalled.push(name);
      this.assign(name, undefined);
    }
  }

  /** Answers that may leave now. */
  answers(): Answer[] {
    return this.silent ? [] : this.#held.splice(0);
  }

  /** The stream broke: answers that waited are lost. */
  disconnect(): void {
    this.#held = [];
  }

  #takeOne(resource: Resource, now: number): "same" | "refused" | "new" | "changed" {
    const { name, version } = resource;
    const warming = this.#warming.get(name);
    // The same once more is no change, even of what was refused.
    if ((warming?.version ?? this.active.get(name)) === version) return "same";
    const refused = meaningOf(resource).bad !== undefined;
    this.#warming.set(name, { version, since: now, refused });
    if (refused) return "refused";
    this.#count();
    return this.active.has(name) || warming?.refused === false ? "changed" : "new";
  }

  #remove(name: string): boolean {
    if (![this.active.delete(name), this.#warming.delete(name)].includes(true)) return false;
    this.assignments.delete(name);
    this.#count();
    return true;
  }

  #count(): void {
    this.#counted = this.#warming.size;
  }
}
