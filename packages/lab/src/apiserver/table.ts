/** Objects as rows of a `Table` (meta.k8s.io/v1), which is what `kubectl get` asks for. */
import { ApiError } from "./api-error.ts";
import { fromEntry } from "./entry.ts";
import type { Entry } from "./entry.ts";
import type { StoredObject } from "./kube-object.ts";
import type { Resource } from "./resource.ts";

/** What of the object each row carries. */
export type IncludeObject = "None" | "Metadata" | "Object";

export interface TableMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export function includeObject(query: URLSearchParams): IncludeObject {
  const text = query.get("includeObject") ?? "Metadata";
  if (text === "None" || text === "Metadata" || text === "Object") return text;
  throw new ApiError(400, `includeObject: "${text}" is none of None, Metadata, Object`);
}

/** `now` in milliseconds since 1970. `headed`: with the definitions of the columns. */
export function table(
  resource: Resource,
  entries: readonly Entry[],
  metadata: TableMeta,
  include: IncludeObject,
  now: number,
  headed = true,
): object {
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: headed ? resource.columns.map(definition) : null,
    rows: entries.map((entry) => {
      const object = fromEntry(entry);
      return { cells: resource.columns.map((column) => column.cell(object, now)), ...included(object, include) };
    }),
  };
}

function definition({ name, type, format, priority, description }: Resource["columns"][number]): object {
  return { name, type, format: format ?? "", description: description ?? "", priority };
}

function included(object: StoredObject, include: IncludeObject): object {
  if (include === "None") return {};
  if (include === "Object") return { object };
  const { metadata } = object;
  return { object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata } };
}
