/** The query of lists and watches (ListOptions of meta/v1), checked. Pure. */
import { ApiError } from "./api-error.ts";
import type { Resource } from "./resource.ts";
import { both, parseFieldSelector, parseLabelSelector } from "./selector.ts";
import type { Selector } from "./selector.ts";

export interface ListOptions {
  readonly selector: Selector | undefined;
  /** At most this many objects; 0 is all. */
  readonly limit: number;
  readonly continueToken: string | undefined;
  /** What the client asks for: the newest, at least this version, or exactly it. */
  readonly state: { readonly at: "newest" } | { readonly at: "notOlderThan" | "exactly"; readonly version: number };
}

export interface WatchOptions {
  readonly selector: Selector | undefined;
  /** Changes after this version; undefined begins with the objects as they are. */
  readonly from: number | undefined;
  /** The objects that there are come first, as ADDED events. */
  readonly initial: boolean;
  readonly bookmarks: boolean;
  /** With bookmarks: a bookmark says where the initial events end. */
  readonly markEnd: boolean;
  readonly timeoutSeconds: number | undefined;
}

/** Throws an `ApiError` with code 400. */
export function listOptions(query: URLSearchParams, resource: Resource): ListOptions {
  const version = query.get("resourceVersion") ?? "";
  const match = query.get("resourceVersionMatch") ?? "";
  const continueToken = query.get("continue") || undefined;
  if (continueToken !== undefined && (match !== "" || (version !== "" && version !== "0"))) {
    throw new ApiError(400, "specifying resource version is not allowed when using continue");
  }
  if (boolean(query, "sendInitialEvents") !== undefined) {
    throw new ApiError(400, "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list");
  }
  return {
    selector: selector(query, resource),
    limit: count(query, "limit") ?? 0,
    continueToken,
    state: wantedState(version, match),
  };
}

/** Throws an `ApiError` with code 400. */
export function watchOptions(query: URLSearchParams, resource: Resource): WatchOptions {
  const version = query.get("resourceVersion") ?? "";
  const match = query.get("resourceVersionMatch") ?? "";
  const sendInitialEvents = boolean(query, "sendInitialEvents");
  if (sendInitialEvents === undefined && match !== "") {
    throw new ApiError(400, "resourceVersionMatch: Forbidden: for watch, it is only allowed with sendInitialEvents");
  }
  if (sendInitialEvents !== undefined && match !== "NotOlderThan") {
    throw new ApiError(400, "sendInitialEvents: Forbidden: it requires resourceVersionMatch to be NotOlderThan");
  }
  const bookmarks = boolean(query, "allowWatchBookmarks") ?? false;
  const anyVersion = version === "" || version === "0";
  return {
    selector: selector(query, resource),
    from: anyVersion ? undefined : readVersion(version),
    initial: sendInitialEvents ?? anyVersion,
    bookmarks,
    markEnd: bookmarks && sendInitialEvents === true,
    timeoutSeconds: count(query, "timeoutSeconds"),
  };
}

export function boolean(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  return !["false", "0", "f", "F", "False", "FALSE"].includes(text);
}

function wantedState(version: string, match: string): ListOptions["state"] {
  if (match === "Exact") {
    if (version === "" || version === "0") {
      throw new ApiError(400, 'resourceVersionMatch: Forbidden: "Exact" needs a resourceVersion other than "0"');
    }
    return { at: "exactly", version: readVersion(version) };
  }
  if (match !== "" && match !== "NotOlderThan") {
    throw new ApiError(400, `resourceVersionMatch: Unsupported value: "${match}": supported: "Exact", "NotOlderThan"`);
  }
  if (match !== "" && version === "") {
    throw new ApiError(400, "resourceVersionMatch: Forbidden: it may not be set without resourceVersion");
  }
  return version === "" ? { at: "newest" } : { at: "notOlderThan", version: readVersion(version) };
}

function selector(query: URLSearchParams, resource: Resource): Selector | undefined {
  const labels = parseLabelSelector(query.get("labelSelector") ?? "");
  return both(labels, parseFieldSelector(query.get("fieldSelector") ?? "", resource.fields));
}

function count(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new ApiError(400, `${name}: "${text}" is no whole number`);
  return Number(text);
}

function readVersion(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new ApiError(400, `resourceVersion: Invalid value: "${text}"`);
  return Number(text);
}
