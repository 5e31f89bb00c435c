/** What a delta client wants and holds of one type. Pure; survives streams. */
import type { TypeUrl } from "../protocol/index.ts";

/** A resource as it came. */
export interface Received {
  readonly name: string;
  readonly version: string;
  /** The serialized message. */
  readonly body: Uint8Array;
}

/** A response, before it is taken. */
export interface Update {
  readonly type: TypeUrl;
  readonly resources: readonly Received[];
  readonly removed: readonly string[];
}

export interface Change {
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
}

/** The name that stands for all names of a type. */
export const WILDCARD = "*";

export class HeldType {
  readonly #wanted = new Set<string>();
  /** Versions by name. What a resource says is for whoever takes it: most keep it in another form. */
  readonly #held = new Map<string, string>();

  get held(): ReadonlyMap<string, string> {
    return this.#held;
  }

  /** What the first request of a new stream says: all that is wanted, and the versions that are held. */
  opening(): Change & { readonly initialVersions: Record<string, string> } {
    return { subscribe: [...this.#wanted], unsubscribe: [], initialVersions: Object.fromEntries(this.#held) };
  }

  /** Undefined: nothing new. */
  subscribe(names: Iterable<string>): Change | undefined {
    const added = [...new Set(names)].filter((name) => !this.#wanted.has(name));
    for (const name of added) this.#wanted.add(name);
    return added.length === 0 ? undefined : { subscribe: added, unsubscribe: [] };
  }

  /** Forgets what is no longer wanted. Undefined: nothing was. */
  unsubscribe(names: Iterable<string>): Change | undefined {
    const dropped = [...new Set(names)].filter((name) => this.#wanted.delete(name));
    if (dropped.length === 0) return undefined;
    if (!this.#wanted.has(WILDCARD)) {
      for (const name of this.#held.keys()) if (!this.#wanted.has(name)) this.#held.delete(name);
    }
    return { subscribe: [], unsubscribe: dropped };
  }

  take({ resources, removed }: Update): void {
    for (const name of removed) this.#held.delete(name);
    for (const { name, version } of resources) {
      if (this.#wanted.has(WILDCARD) || this.#wanted.has(name)) this.#held.set(name, version);
    }
  }
}
