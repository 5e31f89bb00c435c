/** All objects of one server and the one version that every write raises. */
import { ApiError, invalid, notFound } from "./api-error.ts";
import { Collection } from "./collection.ts";
import { customResource, established, sameResource } from "./custom-resource.ts";
import { compactedLine, DataFile, objectLine } from "./data-file.ts";
import type { LogRecord } from "./data-file.ts";
import { entryKey, fromEntry, toEntry } from "./entry.ts";
import type { Entry, EventType } from "./entry.ts";
import type { KubeObject, ObjectMeta, StoredObject } from "./kube-object.ts";
import { Registry } from "./registry.ts";
import { groupVersion, resourceName } from "./resource.ts";
import type { Resource } from "./resource.ts";
import { BUILT_IN_RESOURCES, CUSTOM_RESOURCE_DEFINITIONS } from "./resources.ts";
import { checkPreconditions, newObject, replacement, timestamp } from "./write-rules.ts";
import type { Part, Stamp } from "./write-rules.ts";

export interface StorageOptions {
  /** Changes of each resource that watches may resume from. */
  readonly historyEvents: number;
  /** Where the objects outlive the process; without it they do not. */
  readonly dataFile: string | undefined;
  stamp(): Stamp;
}

export interface WriteOptions {
  /** Checks everything and stores nothing. */
  readonly dryRun?: boolean;
}

/** The file is written anew when it has this many lines, and many more than there are objects. */
const LINES = 20_000;

export class Storage {
  readonly registry = new Registry();
  readonly #options: StorageOptions;
  readonly #file: DataFile | undefined;
  #version: number;

  constructor(options: StorageOptions) {
    this.#options = options;
    // Without a past the versions begin at the time: a client of a former life, whose objects are lost, holds a
    // smaller one and is told that it has expired. Never 0, which in a request means any version.
    this.#version = Math.max(1, options.stamp().now);
    for (const resource of BUILT_IN_RESOURCES) this.#serve(resource);
    if (options.dataFile !== undefined) {
      this.#file = new DataFile(options.dataFile, (record) => this.#restore(record));
      if (this.#file.lines === 0) this.#file.append(compactedLine(this.#version));
    }
  }

  /** The version of the last write. */
  get version(): number {
    return this.#version;
  }

  get(collection: Collection, namespace: string | undefined, name: string): Entry {
    const entry = collection.get(entryKey(namespace, name));
    if (entry === undefined) throw notFound(collection.resource.group, collection.resource.plural, name);
    return entry;
  }

  create(
    collection: Collection,
    namespace: string | undefined,
    body: KubeObject,
    options: WriteOptions & { readonly part?: "object" | "all" } = {},
  ): Entry {
    const { resource } = collection;
    const object = newObject(resource, body, namespace, this.#options.stamp(), options.part ?? "object");
    const { name } = object.metadata;
    if (collection.get(entryKey(resource.namespaced ? namespace : undefined, name)) !== undefined) {
      throw new ApiError(409, `${resourceName(resource)} "${name}" already exists`, {
        reason: "AlreadyExists",
        details: { name, group: resource.group, kind: resource.plural },
      });
    }
    return this.#write(collection, "ADDED", object, options);
  }

  update(collection: Collection, old: Entry, body: KubeObject, part: Part, options: WriteOptions = {}): Entry {
    const before = fromEntry(old);
    const object = replacement(collection.resource, before, body, part);
    return object === before ? old : this.#write(collection, "MODIFIED", object, options);
  }

  /** The object as it was, with the version at which it went. */
  remove(
    collection: Collection,
    old: Entry,
    preconditions: Pick<ObjectMeta, "uid" | "resourceVersion"> = {},
    options: WriteOptions = {},
  ): Entry {
    const object = fromEntry(old);
    checkPreconditions(collection.resource, object, preconditions);
    const served = this.#definedBy(collection, object);
    if (served !== undefined && options.dryRun !== true) {
      for (const entry of served.sorted()) this.remove(served, entry);
    }
    return this.#write(collection, "DELETED", object, options);
  }

  /** Forgets all changes: every watch must start anew and continued lists have expired. */
  compact(): void {
    this.#file?.append(compactedLine(this.#version));
    this.#forget();
  }

  close(): void {
    this.#file?.close();
  }

  #write(collection: Collection, type: EventType, object: StoredObject, { dryRun }: WriteOptions): Entry {
    const defines = collection.resource === CUSTOM_RESOURCE_DEFINITIONS && type !== "DELETED";
    const defined = defines ? this.#accept(object) : undefined;
    const written = defined === undefined ? object : this.#established(object, defined);
    const version = this.#version + (dryRun === true ? 0 : 1);
    const metadata = { ...written.metadata, resourceVersion: String(version) };
    const entry = toEntry(collection.resource, { ...written, metadata }, version);
    if (dryRun === true) return entry;
    this.#file?.append(objectLine(type, resourceName(collection.resource), entry.json));
    this.#apply(collection, type, entry, object);
    this.#trim();
    return entry;
  }

  #apply(collection: Collection, type: EventType, entry: Entry, object: StoredObject): void {
    const served = this.#definedBy(collection, object);
    this.#version = entry.version;
    collection.apply(type, entry);
    if (collection.resource === CUSTOM_RESOURCE_DEFINITIONS) this.#define(type, served, object);
  }

  #define(type: EventType, served: Collection | undefined, object: StoredObject): void {
    if (type !== "DELETED") {
      if (served === undefined) this.#serve(customResource(object));
      else served.resource = customResource(object);
    } else if (served !== undefined) {
      this.registry.remove(served);
      for (const watcher of served.watchers) watcher.close();
    }
  }

  #serve(resource: Resource): void {
    this.registry.add(new Collection(resource, this.#options.historyEvents, this.#version));
  }

  /** The collection that a CustomResourceDefinition stands for. */
  #definedBy(collection: Collection, object: KubeObject): Collection | undefined {
    if (collection.resource !== CUSTOM_RESOURCE_DEFINITIONS) return undefined;
    return this.registry.named(object.metadata.name ?? "");
  }

  /** What a definition adds or changes. Throws an `ApiError` if it must not. */
  #accept(definition: StoredObject): Resource {
    const resource = customResource(definition);
    const { name } = definition.metadata;
    const served = this.registry.named(resourceName(resource));
    const own = this.registry.named(resourceName(CUSTOM_RESOURCE_DEFINITIONS))?.get(name) !== undefined;
    if (served !== undefined && !own) throw this.#invalid(name, "spec.names", "the server has this resource built in");
    if (served !== undefined && !sameResource(served.resource, resource)) {
      const reason = "scope, kind, version, status and selectable fields cannot be changed: delete it, create it again";
      throw this.#invalid(name, "spec", reason);
    }
    const twin = this.registry.ofKind(groupVersion(resource), resource.kind);
    if (twin !== undefined && twin !== served) throw this.#invalid(name, "spec.names.kind", "this kind exists already");
    return resource;
  }

  #established(definition: StoredObject, resource: Resource): StoredObject {
    const old = this.registry.named(resourceName(CUSTOM_RESOURCE_DEFINITIONS))?.get(definition.metadata.name);
    const now = old === undefined ? this.#options.stamp().now : Date.parse(fromEntry(old).metadata.creationTimestamp);
    return established(definition, resource, timestamp(now)) as StoredObject;
  }

  #invalid(name: string, field: string, reason: string): ApiError {
    return invalid("CustomResourceDefinition.apiextensions.k8s.io", name, field, reason);
  }

  #restore(record: LogRecord): void {
    if (record.type === "COMPACTED") {
      this.#version = record.version;
      this.#forget();
      return;
    }
    const collection = this.registry.named(record.resource);
    if (collection === undefined) throw new Error(`the resource ${record.resource} is not known`);
    const entry = toEntry(collection.resource, record.object, Number(record.object.metadata.resourceVersion));
    if (record.type !== "KEPT") return this.#apply(collection, record.type, entry, record.object);
    collection.restore(entry);
    if (collection.resource === CUSTOM_RESOURCE_DEFINITIONS) this.#define("ADDED", undefined, record.object);
  }

  #forget(): void {
    for (const collection of this.registry.all()) collection.forget(this.#version);
  }

  /** Keeps the file in proportion to the objects. */
  #trim(): void {
    const file = this.#file;
    if (file === undefined || file.lines < LINES) return;
    // Definitions come first: the objects after them need their resources.
    const definitions = this.registry.named(resourceName(CUSTOM_RESOURCE_DEFINITIONS))!;
    const collections = [definitions, ...this.registry.all().filter((collection) => collection !== definitions)];
    const objects = collections.reduce((sum, collection) => sum + collection.size, 0);
    if (file.lines < 4 * objects) return;
    const lines = collections.flatMap((collection) =>
      Array.from(collection.values(), (entry) => objectLine("KEPT", resourceName(collection.resource), entry.json)),
    );
    file.rewrite([...lines, compactedLine(this.#version)]);
  }
}
