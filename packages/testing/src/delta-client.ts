/** A client's side of one type in the delta protocol: what it asked for, which versions it counts as taken. */
import type { DeltaRequest, DeltaResponse } from "@carrick/xds/protocol";

export class DeltaClient {
  readonly #wildcard: boolean;
  readonly names = new Set<string>();
  /** Versions that it reports when it connects again. */
  readonly versions = new Map<string, string>();
  readonly #added = new Set<string>();
  readonly #dropped = new Set<string>();

  constructor(wildcard: boolean) {
    this.#wildcard = wildcard;
  }

  subscribe(name: string): void {
    this.names.add(name);
    this.#added.add(name);
    this.#dropped.delete(name);
  }

  unsubscribe(name: string): void {
    if (!this.names.delete(name)) return;
    this.versions.delete(name);
    this.#dropped.add(name);
    this.#added.delete(name);
  }

  /** The first request on a stream: the legacy wildcard, or names; and what it holds. */
  open(): DeltaRequest {
    this.#added.clear();
    this.#dropped.clear();
    const initialVersions = Object.fromEntries(this.versions);
    return this.#wildcard ? { initialVersions } : { subscribe: [...this.names], initialVersions };
  }

  /** What changed in the subscription since the last request, if anything. */
  changes(): DeltaRequest | undefined {
    if (this.#added.size === 0 && this.#dropped.size === 0) return undefined;
    const request = { subscribe: [...this.#added], unsubscribe: [...this.#dropped] };
    this.#added.clear();
    this.#dropped.clear();
    return request;
  }

  /** The whole response was taken. Of a refused response no version counts, though parts of it may be live. */
  took(response: DeltaResponse): void {
    for (const { name, version } of response.resources) {
      if (this.#wildcard || this.names.has(name)) this.versions.set(name, version);
    }
    for (const name of response.removed) this.versions.delete(name);
  }
}
