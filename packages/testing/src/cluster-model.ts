/** Envoy's clusters: each warms until its endpoints come, and answers wait for that. */
import type { DeltaResponse } from "@carrick/xds/protocol";
import { meaningOf } from "./meaning.ts";

/** An assignment that does not come is given up: the cluster goes on with what it had. */
const FETCH_TIMEOUT_MS = 15_000;

export interface Answer {
  readonly nonce: string;
  readonly error?: string;
}

export class ClusterModel {
  /** Clusters that serve, by the version that serves. */
  readonly active = new Map<string, string>();
  /** Clusters that wait for their endpoints. */
  readonly warming = new Map<string, { readonly version: string; readonly since: number }>();
  /** Refused versions that Envoy never let go: no answer leaves while there is one. */
  readonly stuck = new Set<string>();
  readonly assignments = new Map<string, readonly string[]>();
  /** Clusters that waited for endpoints until the time was over. */
  readonly stalled: string[] = [];
  #held: Answer[] = [];

  /** Takes a response; what becomes of its answer is told by `answers()`. Gives the clusters that were new. */
  take(
    response: DeltaResponse,
    now: number,
  ): { readonly ok: boolean; readonly added: string[]; readonly removed: string[] } {
    const { nonce, resources, removed } = response;
    const invalid = resources.filter((resource) => meaningOf(resource).bad === "format").map(({ name }) => name);
    if (invalid.length > 0) {
      const error = `Proto constraint validation failed (ClusterValidationError.${invalid.join()}): name: "${invalid.join()}"`;
      this.#held.push({ nonce, error });
      return { ok: false, added: [], removed: [] };
    }
    const busy = this.#busy;
    const refused: string[] = [];
    const added: string[] = [];
    const gone: string[] = [];
    let changes = 0;
    for (const name of removed) {
      const known = [this.active.delete(name), this.warming.delete(name), this.stuck.delete(name)].includes(true);
      if (!known) continue;
      changes++;
      this.assignments.delete(name);
      gone.push(name);
    }
    for (const resource of resources) {
      const { name, version } = resource;
      if (meaningOf(resource).bad !== undefined) {
        refused.push(name);
        continue;
      }
      const newest = this.stuck.has(name) ? undefined : (this.warming.get(name)?.version ?? this.active.get(name));
      if (newest === version) continue;
      changes++;
      this.stuck.delete(name);
      if (!this.active.has(name) && !this.warming.has(name)) added.push(name);
      this.warming.set(name, { version, since: now });
    }
    if (refused.length === 0) this.#held.push({ nonce });
    else {
      // Alone and at rest it is refused at once; beside anything else that moves the refusal is swallowed.
      if (busy || changes > 0 || refused.length > 1) for (const name of refused) this.stuck.add(name);
      this.#held.push({ nonce, error: `Error adding/updating cluster(s) ${refused.join(", ")}: refused` });
    }
    return { ok: refused.length === 0, added, removed: gone };
  }

  /** Endpoints came, if only to say that there are none. */
  assign(name: string, endpoints: readonly string[] | undefined): void {
    const warming = this.warming.get(name);
    // The removal of an assignment that is loaded is ignored.
    if (endpoints !== undefined) this.assignments.set(name, endpoints);
    if (warming === undefined) return;
    this.warming.delete(name);
    this.active.set(name, warming.version);
    if (!this.assignments.has(name)) this.assignments.set(name, []);
  }

  tick(now: number): void {
    for (const [name, { since }] of this.warming) {
      if (now < since + FETCH_TIMEOUT_MS) continue;
      this.stalled.push(name);
      this.assign(name, undefined);
    }
  }

  /** Answers that may leave now. */
  answers(): Answer[] {
    return this.#busy ? [] : this.#held.splice(0);
  }

  /** The stream broke: answers that waited are lost. */
  disconnect(): void {
    this.#held = [];
  }

  get #busy(): boolean {
    return this.warming.size > 0 || this.stuck.size > 0;
  }
}
