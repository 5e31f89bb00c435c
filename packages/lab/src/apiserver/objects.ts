import { ApiError } from "./api-error.ts";
import type { Collection } from "./collection.ts";
import { entryKey, fromEntry } from "./entry.ts";
import { readObject } from "./kube-object.ts";
import type { StoredObject } from "./kube-object.ts";
import type { Storage } from "./storage.ts";

export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** `default` when not given, for a kind that has namespaces. */
  readonly namespace?: string;
}

/** The objects of a server without HTTP, for tests and for the lab. Errors are `ApiError`s, as over HTTP. */
export interface Objects {
  /** The version of the last write. */
  readonly version: number;
  /** Creates or replaces the object, and its status if it has one; the same again changes nothing. */
  apply(object: object): StoredObject;
  get(ref: ObjectRef): StoredObject | undefined;
  /** In the order of their keys; of all namespaces when none is given. */
  list(apiVersion: string, kind: string, namespace?: string): StoredObject[];
  /** Whether there was one. */
  delete(ref: ObjectRef): boolean;
}

export function objectsOf(storage: Storage): Objects {
  return {
    get version() {
      return storage.version;
    },
    apply(value) {
      const object = readObject(value);
      const collection = collectionOf(storage, object);
      const namespace = namespaceIn(collection, object.metadata.namespace);
      const old = collection.get(entryKey(namespace, object.metadata.name ?? ""));
      const part = object["status"] === undefined ? "object" : "all";
      return fromEntry(
        old === undefined
          ? storage.create(collection, namespace, object, { part })
          : storage.update(collection, old, object, part),
      );
    },
    get(ref) {
      const entry = entryOf(storage, ref);
      return entry === undefined ? undefined : fromEntry(entry);
    },
    list(apiVersion, kind, namespace) {
      const entries = collectionOf(storage, { apiVersion, kind }).sorted();
      return entries.filter((entry) => namespace === undefined || entry.namespace === namespace).map(fromEntry);
    },
    delete(ref) {
      const entry = entryOf(storage, ref);
      if (entry !== undefined) storage.remove(collectionOf(storage, ref), entry);
      return entry !== undefined;
    },
  };
}

function entryOf(storage: Storage, ref: ObjectRef) {
  const collection = collectionOf(storage, ref);
  return collection.get(entryKey(namespaceIn(collection, ref.namespace), ref.name));
}

function collectionOf(
  storage: Storage,
  { apiVersion = "", kind = "" }: { readonly apiVersion?: string; readonly kind?: string },
): Collection {
  const collection = storage.registry.ofKind(apiVersion, kind);
  if (collection === undefined) throw new ApiError(404, `no matches for kind "${kind}" in version "${apiVersion}"`);
  return collection;
}

function namespaceIn({ resource }: Collection, namespace: string | undefined): string | undefined {
  return resource.namespaced ? (namespace ?? "default") : undefined;
}
