/** What the server knows about one kind of object. */
import type { StoredObject } from "./kube-object.ts";

export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format?: string;
  /** 0 is always shown, 1 in wide output. */
  readonly priority: number;
  readonly description?: string;
  /** `now` in milliseconds since the epoch. */
  cell(object: StoredObject, now: number): unknown;
}

export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Has a `status` subresource: writes of the object leave its status alone. */
  readonly status: boolean;
  /** Counts `metadata.generation`. */
  readonly generation: boolean;
  /** The status of a new object: what its creator says, or this. */
  readonly newStatus: "kept" | Readonly<Record<string, unknown>> | undefined;
  /** Fields for field selectors, besides metadata.name and metadata.namespace. */
  readonly fields: readonly string[];
  readonly columns: readonly Column[];
}

export function groupVersion(resource: { readonly group: string; readonly version: string }): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

/** `ingresses.networking.k8s.io`; `pods` in the core group. */
export function resourceName(resource: { readonly group: string; readonly plural: string }): string {
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}
