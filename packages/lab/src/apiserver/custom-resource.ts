/** CustomResourceDefinitions: which resource one adds. Schemas are not enforced; only the storage version is served. */
import { isDeepStrictEqual } from "node:util";
import { ApiError, invalid } from "./api-error.ts";
import { age } from "./age.ts";
import { AGE, NAME } from "./columns.ts";
import { at, compileJsonPath, textAt } from "./json-path.ts";
import { isJsonObject } from "./kube-object.ts";
import type { JsonObject, KubeObject } from "./kube-object.ts";
import type { Column, Resource } from "./resource.ts";

/** The resource that a definition adds. Throws an `ApiError` with code 422. */
export function customResource(definition: KubeObject): Resource {
  const spec = definition["spec"];
  const name = definition.metadata.name ?? "";
  const need = (path: string): string => {
    const text = textAt(spec, path.split("."));
    if (text === undefined || text === "") throw wrong(name, `spec.${path}`, "is required");
    return text;
  };
  const group = need("group");
  const plural = need("names.plural");
  const kind = need("names.kind");
  if (name !== `${plural}.${group}`) throw wrong(name, "metadata.name", `must be "${plural}.${group}"`);
  const scope = need("scope");
  if (scope !== "Namespaced" && scope !== "Cluster") throw wrong(name, "spec.scope", "must be Namespaced or Cluster");
  const version = storageVersion(spec, name);
  const status = at(version, ["subresources", "status"]) !== undefined;
  return {
    group,
    version: textAt(version, ["name"])!,
    plural,
    singular: textAt(spec, ["names", "singular"]) ?? kind.toLowerCase(),
    kind,
    listKind: textAt(spec, ["names", "listKind"]) ?? `${kind}List`,
    shortNames: texts(at(spec, ["names", "shortNames"])),
    categories: texts(at(spec, ["names", "categories"])),
    namespaced: scope === "Namespaced",
    status,
    generation: true,
    newStatus: status ? undefined : "kept",
    fields: objects(version["selectableFields"]).flatMap((field) => textAt(field, ["jsonPath"])?.slice(1) ?? []),
    columns: printedColumns(version, name),
  };
}

/** The definition as the server keeps it: with the status of an established one. */
export function established(definition: KubeObject, resource: Resource, now: string): KubeObject {
  const condition = (type: string, reason: string, message: string): JsonObject => ({
    type,
    status: "True",
    lastTransitionTime: now,
    reason,
    message,
  });
  const { plural, singular, kind, listKind, shortNames, categories } = resource;
  return {
    ...definition,
    status: {
      conditions: [
        condition("NamesAccepted", "NoConflicts", "no conflicts found"),
        condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
      ],
      acceptedNames: { plural, singular, kind, listKind, shortNames, categories },
      storedVersions: [resource.version],
    },
  };
}

function storageVersion(spec: unknown, name: string): JsonObject {
  const found = objects(at(spec, ["versions"])).find((version) => version["storage"] === true);
  if (found === undefined || textAt(found, ["name"]) === undefined) {
    throw wrong(name, "spec.versions", "must have exactly one version marked as storage version");
  }
  return found;
}

function printedColumns(version: JsonObject, name: string): Column[] {
  const listed = objects(version["additionalPrinterColumns"]);
  const columns = listed.map((column, index) => printedColumn(column, `${name}: additionalPrinterColumns[${index}]`));
  return listed.length === 0 ? [NAME, AGE] : [NAME, ...columns];
}

function printedColumn(column: JsonObject, where: string): Column {
  const path = textAt(column, ["jsonPath"]) ?? "";
  const read = compileJsonPath(path);
  if (read === undefined) throw new ApiError(422, `${where}.jsonPath: "${path}" is not understood`);
  const type = columnType(textAt(column, ["type"]));
  return {
    name: textAt(column, ["name"]) ?? path,
    type,
    priority: Number(textAt(column, ["priority"]) ?? 0),
    description: textAt(column, ["description"]) ?? "",
    cell: (object, now) => cell(read(object), type, now),
  };
}

function cell(values: readonly unknown[], type: Column["type"], now: number): unknown {
  const [first] = values;
  if (first === undefined || first === null) return type === "string" ? "" : null;
  if (type === "date") return age(typeof first === "string" ? first : undefined, now);
  if (type !== "string") return first;
  return values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(",");
}

function columnType(text: string | undefined): Column["type"] {
  return text === "integer" || text === "number" || text === "boolean" || text === "date" ? text : "string";
}

function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

function wrong(name: string, field: string, reason: string): ApiError {
  return invalid("CustomResourceDefinition.apiextensions.k8s.io", name, field, reason);
}

/** Is this the same resource to clients, apart from how it is printed and called? */
export function sameResource(a: Resource, b: Resource): boolean {
  const same = a.version === b.version && a.namespaced === b.namespaced && a.kind === b.kind && a.status === b.status;
  return same && isDeepStrictEqual(a.fields, b.fields);
}
