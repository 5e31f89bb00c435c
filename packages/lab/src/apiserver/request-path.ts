/** Paths of the API, taken apart. */

export interface ResourcePath {
  readonly kind: "resource";
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

export type RequestPath =
  | ResourcePath
  /** `/api`, `/apis`, `/apis/GROUP` */
  | { readonly kind: "groups"; readonly root: "api" | "apis"; readonly group?: string }
  /** `/api/v1`, `/apis/GROUP/VERSION` */
  | { readonly kind: "resources"; readonly group: string; readonly version: string }
  | { readonly kind: "other"; readonly path: string };

/** `path` is without its query. */
export function parseRequestPath(path: string): RequestPath {
  const other: RequestPath = { kind: "other", path };
  const segments = path.split("/").slice(1).map(decoded);
  if (segments.at(-1) === "") segments.pop();
  if (segments.some((segment) => segment === undefined || segment === "")) return other;
  const [root, ...rest] = segments as string[];
  if (root === "api") {
    if (rest.length === 0) return { kind: "groups", root };
    return under("", rest[0]!, rest.slice(1)) ?? other;
  }
  if (root !== "apis") return other;
  if (rest.length === 0) return { kind: "groups", root };
  if (rest.length === 1) return { kind: "groups", root, group: rest[0]! };
  return under(rest[0]!, rest[1]!, rest.slice(2)) ?? other;
}

function under(group: string, version: string, segments: readonly string[]): RequestPath | undefined {
  if (segments.length === 0) return { kind: "resources", group, version };
  const [first, second, third] = segments;
  const namespaced = first === "namespaces" && third !== undefined && !(third === "status" && segments.length === 3);
  const own = namespaced ? segments.slice(2) : segments;
  if (own.length > 3) return undefined;
  return {
    kind: "resource",
    group,
    version,
    plural: own[0]!,
    ...(namespaced ? { namespace: second! } : {}),
    ...(own[1] === undefined ? {} : { name: own[1] }),
    ...(own[2] === undefined ? {} : { subresource: own[2] }),
  };
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A percent sign that encodes nothing: no such path.
    return undefined;
  }
}
