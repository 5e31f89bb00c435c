import { type Fields, fields, text } from "../shape.ts";

/** Names one version of one object. */
export interface Identity {
  /** `<namespace>/<name>`, or the name of a cluster-wide object. */
  readonly key: string;
  /** `metadata.resourceVersion`: opaque, compared for equality only. */
  readonly version: string;
}

/** No name in Kubernetes is longer (RFC 1123 subdomain). */
const longest = 253;

/** Who an object is, or in a sentence without its content why it cannot be told from others. */
export function identify(object: unknown): Identity | { readonly wrong: string } {
  const metadata = fields(fields(object)?.["metadata"]);
  if (metadata === undefined) return { wrong: "an object has no metadata" };
  const name = text(metadata["name"]);
  if (name === undefined) return { wrong: "an object has no metadata.name" };
  if (!isName(name)) return { wrong: "an object has a metadata.name that no object can have" };
  const namespace = text(metadata["namespace"]);
  if (namespace !== undefined && !isName(namespace)) {
    return { wrong: "an object has a metadata.namespace that no object can have" };
  }
  const key = namespace === undefined ? name : `${namespace}/${name}`;
  const version = versionOf(metadata);
  return version === undefined ? { wrong: `${key} has no metadata.resourceVersion` } : { key, version };
}

/** `resourceVersion` of a metadata. */
export function versionOf(metadata: Fields | undefined): string | undefined {
  return text(metadata?.["resourceVersion"]);
}

/** A slash would make a key say something else. */
function isName(name: string): boolean {
  return name.length <= longest && !name.includes("/");
}
