/** Stored objects and their changes, kept as text: serialized once, shared by every reader. */
import type { Selectable } from "./selector.ts";
import type { StoredObject } from "./kube-object.ts";
import type { Resource } from "./resource.ts";
import { textAt } from "./json-path.ts";

/** One version of one object. Never changed; a write replaces it. */
export interface Entry extends Selectable {
  readonly key: string;
  readonly version: number;
  readonly json: string;
}

export type EventType = "ADDED" | "MODIFIED" | "DELETED";

export function entryKey(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export function toEntry(resource: Resource, object: StoredObject, version: number): Entry {
  const { name, labels } = object.metadata;
  const namespace = resource.namespaced ? object.metadata.namespace : undefined;
  return {
    key: entryKey(namespace, name),
    namespace,
    name,
    version,
    labels,
    fields: selectableFields(resource, object),
    json: JSON.stringify(object),
  };
}

export function fromEntry(entry: Entry): StoredObject {
  return JSON.parse(entry.json) as StoredObject;
}

function selectableFields(resource: Resource, object: StoredObject): Readonly<Record<string, string>> | undefined {
  if (resource.fields.length === 0) return undefined;
  return Object.fromEntries(resource.fields.map((field) => [field, textAt(object, field.split(".")) ?? ""]));
}

/** A change of one object; its line for watches is made at the first use and then shared. */
export class WatchEvent {
  readonly type: EventType;
  readonly entry: Entry;
  /** The version before; none for ADDED. */
  readonly previous: Entry | undefined;
  #line: Buffer | undefined;

  constructor(type: EventType, entry: Entry, previous: Entry | undefined) {
    this.type = type;
    this.entry = entry;
    this.previous = previous;
  }

  get version(): number {
    return this.entry.version;
  }

  line(): Buffer {
    this.#line ??= Buffer.from(`{"type":"${this.type}","object":${this.entry.json}}\n`);
    return this.#line;
  }
}
