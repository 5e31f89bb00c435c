import { type Fields, fields } from "../shape.ts";
import { versionOf } from "./identity.ts";

/** One line of a watch (Kubernetes API concepts, "Efficient detection of changes"). */
export type WatchEvent =
  | { readonly type: "put" | "delete"; readonly object: Fields }
  /** `initialEnd`: every object that there was at the start of a streamed list has been sent. */
  | { readonly type: "bookmark"; readonly version: string; readonly initialEnd: boolean }
  /** `status` is a Status object. */
  | { readonly type: "error"; readonly status: Fields };

/** Reads one line; undefined if it is none of an API server. */
export function parseWatchEvent(line: Buffer): WatchEvent | undefined {
  const event = fields(parse(line));
  const object = fields(event?.["object"]);
  if (object === undefined) return undefined;
  switch (event?.["type"]) {
    case "ADDED":
    case "MODIFIED":
      return { type: "put", object };
    case "DELETED":
      return { type: "delete", object };
    case "BOOKMARK":
      return bookmark(object);
    case "ERROR":
      return { type: "error", status: object };
    default:
      return undefined;
  }
}

function bookmark(object: Fields): WatchEvent | undefined {
  const metadata = fields(object["metadata"]);
  const version = versionOf(metadata);
  if (version === undefined) return undefined;
  const initialEnd = fields(metadata?.["annotations"])?.["k8s.io/initial-events-end"] === "true";
  return { type: "bookmark", version, initialEnd };
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    // The parser's message quotes the line, which may hold a Secret.
    return undefined;
  }
}
