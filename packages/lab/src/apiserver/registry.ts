/** Which resources are served, each with its collection of objects. */
import type { Collection } from "./collection.ts";
import { groupVersion, resourceName } from "./resource.ts";

export class Registry {
  readonly #byName = new Map<string, Collection>();

  add(collection: Collection): void {
    this.#byName.set(resourceName(collection.resource), collection);
  }

  remove(collection: Collection): void {
    this.#byName.delete(resourceName(collection.resource));
  }

  /** `ingresses.networking.k8s.io`; `pods` in the core group. */
  named(name: string): Collection | undefined {
    return this.#byName.get(name);
  }

  /** `networking.k8s.io`, `v1`, `ingresses`; the core group is empty. */
  find(group: string, version: string, plural: string): Collection | undefined {
    const collection = this.#byName.get(resourceName({ group, plural }));
    return collection?.resource.version === version ? collection : undefined;
  }

  ofKind(apiVersion: string, kind: string): Collection | undefined {
    return this.all().find(({ resource }) => resource.kind === kind && groupVersion(resource) === apiVersion);
  }

  all(): Collection[] {
    return [...this.#byName.values()];
  }
}
