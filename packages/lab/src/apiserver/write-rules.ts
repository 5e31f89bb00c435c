/** What a write makes of an object: metadata that only the server sets, generation, status. Pure. */
import { isDeepStrictEqual } from "node:util";
import { ApiError, conflict, invalid } from "./api-error.ts";
import { isJsonObject, isSubdomain } from "./kube-object.ts";
import type { KubeObject, ObjectMeta, StoredObject } from "./kube-object.ts";
import { groupVersion } from "./resource.ts";
import type { Resource } from "./resource.ts";

/** What a new object gets from outside. */
export interface Stamp {
  readonly uid: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Ends a generated name. */
  readonly suffix: string;
}

/** What is written: the object (without its status, if that is a subresource), its status, or both. */
export type Part = "object" | "status" | "all";

/** RFC 3339 in seconds, as Kubernetes writes times. */
export function timestamp(now: number): string {
  return new Date(now).toISOString().replace(/\.\d+Z$/, "Z");
}

/** The object that a create stores; its resourceVersion is given when it is stored. */
export function newObject(
  resource: Resource,
  body: KubeObject,
  namespace: string | undefined,
  stamp: Stamp,
  part: Exclude<Part, "status">,
): StoredObject {
  checkType(resource, body);
  const { resourceVersion, generateName } = body.metadata;
  if (resourceVersion !== undefined && resourceVersion !== "") {
    throw new ApiError(400, "resourceVersion should not be set on objects to be created");
  }
  const name = body.metadata.name || (generateName ? `${generateName}${stamp.suffix}` : "");
  if (name === "")
    throw invalid(resource.kind, "", "metadata.name", "Required value: name or generateName is required");
  if (!isSubdomain(name)) {
    const rule = "lower case letters, digits, '-' and '.', at most 253, beginning and ending with a letter or digit";
    throw invalid(resource.kind, name.slice(0, 300), "metadata.name", `Invalid value: must consist of ${rule}`);
  }
  const metadata = serverMetadata(resource, body.metadata, {
    name,
    namespace: checkNamespace(resource, body.metadata, namespace),
    uid: stamp.uid,
    creationTimestamp: timestamp(stamp.now),
    generation: resource.generation ? 1 : undefined,
  });
  const { status, ...rest } = withStringData(resource, body);
  const reset = resource.status && resource.newStatus !== "kept" && !(part === "all" && status !== undefined);
  const first = reset ? resource.newStatus : status;
  return stored(resource, { ...rest, metadata, ...(first === undefined ? {} : { status: first }) });
}

/** The object that an update stores; `old` itself if nothing changes. */
export function replacement(resource: Resource, old: StoredObject, body: KubeObject, part: Part): StoredObject {
  checkType(resource, body);
  const { metadata } = old;
  checkNamespace(resource, body.metadata, metadata.namespace);
  if (body.metadata.name !== undefined && body.metadata.name !== metadata.name) {
    const given = `the name of the object (${body.metadata.name}) does not match the name on the URL (${metadata.name})`;
    throw new ApiError(400, given);
  }
  checkPreconditions(resource, old, body.metadata);
  const next = part === "status" ? { ...old, status: body["status"] } : wholeObject(resource, old, body, part);
  if (isDeepStrictEqual(next, old)) return old;
  const generation = resource.generation && !isDeepStrictEqual(desired(resource, next), desired(resource, old));
  if (!generation) return next;
  return { ...next, metadata: { ...next.metadata, generation: (metadata.generation ?? 0) + 1 } };
}

/** Refuses a write that is meant for another life or another version of the object. */
export function checkPreconditions(
  resource: Resource,
  old: StoredObject,
  { uid, resourceVersion }: { readonly uid?: string; readonly resourceVersion?: string },
): void {
  const { metadata } = old;
  if (uid !== undefined && uid !== "" && uid !== metadata.uid) {
    const reason = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`;
    throw conflict(resource.group, resource.plural, metadata.name, reason);
  }
  if (resourceVersion !== undefined && resourceVersion !== "" && resourceVersion !== metadata.resourceVersion) {
    const reason = "the object has been modified; please apply your changes to the latest version and try again";
    throw conflict(resource.group, resource.plural, metadata.name, reason);
  }
}

function wholeObject(resource: Resource, old: StoredObject, body: KubeObject, part: Part): StoredObject {
  const { name, uid, creationTimestamp, generation, resourceVersion, namespace } = old.metadata;
  const given = { name, namespace, uid, creationTimestamp, generation, resourceVersion };
  const metadata = serverMetadata(resource, body.metadata, given);
  const { status, ...rest } = withStringData(resource, body);
  const kept = resource.status && part !== "all" ? old["status"] : status;
  return stored(resource, { ...rest, metadata, ...(kept === undefined ? {} : { status: kept }) });
}

/** Metadata with the server's own fields put over those of the client. Without managedFields: nobody tracks them. */
function serverMetadata(
  resource: Resource,
  client: ObjectMeta,
  own: Readonly<Record<string, string | number | undefined>>,
): ObjectMeta {
  const { managedFields: _, deletionTimestamp: __, selfLink: ___, ...kept } = client;
  const merged = { ...kept, ...own };
  return Object.fromEntries(
    Object.entries(merged).filter(
      ([field, value]) => value !== undefined && !(field === "namespace" && !resource.namespaced),
    ),
  );
}

function stored(resource: Resource, object: KubeObject): StoredObject {
  const { apiVersion: _, kind: __, metadata, ...rest } = object;
  return { apiVersion: groupVersion(resource), kind: resource.kind, metadata, ...rest } as StoredObject;
}

/** What the generation counts: everything but metadata and a status that is a subresource. */
function desired(resource: Resource, object: StoredObject): unknown {
  const { metadata: _, status, ...rest } = object;
  return resource.status ? rest : { ...rest, status };
}

/** Secrets are written with plain texts as well. */
function withStringData(resource: Resource, body: KubeObject): KubeObject {
  if (resource.kind !== "Secret" || resource.group !== "") return body;
  const { stringData, ...rest } = body;
  const type = body["type"] ?? "Opaque";
  if (!isJsonObject(stringData)) return { ...rest, type };
  const encoded = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(String(text)).toString("base64")]);
  const data = { ...(isJsonObject(body["data"]) ? body["data"] : {}), ...Object.fromEntries(encoded) };
  return { ...rest, type, data };
}

function checkType(resource: Resource, { apiVersion, kind }: KubeObject): void {
  const expected = groupVersion(resource);
  if ((kind ?? resource.kind) === resource.kind && (apiVersion ?? expected) === expected) return;
  const given = `${apiVersion ?? expected}, Kind=${kind ?? resource.kind}`;
  throw new ApiError(400, `the object is ${given}, but this path takes ${expected}, Kind=${resource.kind}`);
}

function checkNamespace(resource: Resource, metadata: ObjectMeta, namespace: string | undefined): string | undefined {
  const given = metadata.namespace === "" ? undefined : metadata.namespace;
  if (given !== undefined && given !== (resource.namespaced ? namespace : undefined)) {
    throw new ApiError(400, "the namespace of the provided object does not match the namespace sent on the request");
  }
  return namespace;
}
