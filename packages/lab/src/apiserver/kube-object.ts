/** Kubernetes objects as plain JSON, and the little that this server demands of them. */
import { ApiError } from "./api-error.ts";

export interface ObjectMeta {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string | null;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** An object as this server keeps it. */
export interface StoredObject extends KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta & {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
  };
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Checks what every object must have, whatever its kind. Throws an `ApiError` with code 400. */
export function readObject(value: unknown): KubeObject {
  if (!isJsonObject(value)) throw new ApiError(400, "the body is no object: send one Kubernetes object as JSON");
  const { kind, apiVersion } = value;
  for (const [field, text] of Object.entries({ kind, apiVersion })) {
    if (text !== undefined && typeof text !== "string") throw new ApiError(400, `${field}: must be a string`);
  }
  const metadata = value["metadata"] ?? {};
  if (!isJsonObject(metadata)) throw new ApiError(400, "metadata: must be an object");
  for (const field of ["name", "generateName", "namespace", "uid", "resourceVersion"]) {
    const text = metadata[field];
    if (text !== undefined && typeof text !== "string") throw new ApiError(400, `metadata.${field}: must be a string`);
  }
  for (const field of ["labels", "annotations"]) {
    const map = metadata[field] ?? {};
    if (!isJsonObject(map) || Object.values(map).some((text) => typeof text !== "string")) {
      throw new ApiError(400, `metadata.${field}: must be a map of strings`);
    }
  }
  return { ...value, metadata };
}

/** RFC 1123 subdomain, as Kubernetes demands of most names. */
export function isSubdomain(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name);
}
