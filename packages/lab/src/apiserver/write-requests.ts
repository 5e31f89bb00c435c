/** Create, update, patch and delete, as requests ask for them. */
import { ApiError } from "./api-error.ts";
import type { Collection } from "./collection.ts";
import { fromEntry } from "./entry.ts";
import type { Entry } from "./entry.ts";
import { isJsonObject, readObject } from "./kube-object.ts";
import type { ObjectMeta } from "./kube-object.ts";
import { listOptions } from "./list-options.ts";
import { mergePatch } from "./merge-patch.ts";
import type { Storage } from "./storage.ts";

/** What a request addresses; `body` is its JSON. */
export interface Target {
  readonly collection: Collection;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly status: boolean;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export function create(storage: Storage, { collection, namespace, query, body }: Target): Entry {
  return storage.create(collection, namespace, readObject(body), { dryRun: dryRun(query) });
}

export function update(storage: Storage, target: Target): Entry {
  const { collection, namespace, name, status, query, body } = target;
  const object = readObject(body);
  const old = storage.get(collection, namespace, name ?? "");
  return storage.update(collection, old, object, status ? "status" : "object", { dryRun: dryRun(query) });
}

/** JSON merge patch, of the object or of its status. Throws an `ApiError` with code 415 for other kinds of patch. */
export function patch(storage: Storage, target: Target, contentType: string | undefined): Entry {
  const { collection, namespace, name, status, query, body } = target;
  const type = contentType?.split(";")[0]?.trim();
  if (type !== "application/merge-patch+json") {
    throw new ApiError(415, `the body of the request was in an unknown format: use application/merge-patch+json`);
  }
  if (!isJsonObject(body)) throw new ApiError(400, "the patch is no JSON object");
  const old = storage.get(collection, namespace, name ?? "");
  const object = readObject(mergePatch(fromEntry(old), body));
  return storage.update(collection, old, object, status ? "status" : "object", { dryRun: dryRun(query) });
}

export function remove(storage: Storage, { collection, namespace, name, query, body }: Target): Entry {
  const old = storage.get(collection, namespace, name ?? "");
  return storage.remove(collection, old, preconditions(body), { dryRun: dryRun(query) || dryRunIn(body) });
}

/** Deletes what a list with the same query would show; the objects as they were. */
export function removeCollection(storage: Storage, { collection, namespace, query, body }: Target): Entry[] {
  const { selector } = listOptions(query, collection.resource);
  const options = { dryRun: dryRun(query) || dryRunIn(body) };
  const found = collection
    .sorted()
    .filter((entry) => (namespace === undefined || entry.namespace === namespace) && (selector?.(entry) ?? true));
  return found.map((entry) => storage.remove(collection, entry, preconditions(body), options));
}

/** Nothing here finalizes, so that finalizers do not hold an object: said in a header that `kubectl` prints. */
export function finalizersWarning(removed: readonly Entry[]): Record<string, string> {
  const ignored = removed.some((entry) => list(fromEntry(entry).metadata["finalizers"]).length > 0);
  return ignored ? { warning: '299 - "metadata.finalizers were ignored: this server deletes at once"' } : {};
}

/** DeleteOptions; everything else in them (grace, propagation) has no meaning here. */
function preconditions(body: unknown): Pick<ObjectMeta, "uid" | "resourceVersion"> {
  const given = isJsonObject(body) ? body["preconditions"] : undefined;
  if (!isJsonObject(given)) return {};
  const { uid, resourceVersion } = given;
  return {
    ...(typeof uid === "string" ? { uid } : {}),
    ...(typeof resourceVersion === "string" ? { resourceVersion } : {}),
  };
}

function dryRun(query: URLSearchParams): boolean {
  return checked(query.getAll("dryRun").filter((text) => text !== ""));
}

function dryRunIn(body: unknown): boolean {
  return isJsonObject(body) && checked(list(body["dryRun"]));
}

function checked(values: readonly unknown[]): boolean {
  if (values.some((value) => value !== "All")) throw new ApiError(400, 'dryRun: supported values: "All"');
  return values.length > 0;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
