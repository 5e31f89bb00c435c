/** Events of a watch as lines: objects, which all watchers share, or tables, which each gets its own. */
import type { Status } from "./api-error.ts";
import type { Entry, EventType, WatchEvent } from "./entry.ts";
import { fromEntry } from "./entry.ts";
import { groupVersion } from "./resource.ts";
import type { Resource } from "./resource.ts";
import { table } from "./table.ts";
import type { IncludeObject } from "./table.ts";

export interface WatchLines {
  event(event: WatchEvent): Buffer;
  /** An event that is none to others: an object that begins or ceases to match a selector, or an initial one. */
  own(type: EventType, entry: Entry): Buffer;
  /** Everything up to `version` has been sent. `end` marks the end of the initial events. */
  bookmark(version: number, end: boolean): Buffer;
}

export function objectLines(resource: Resource): WatchLines {
  return {
    event: (event) => event.line(),
    own: (type, entry) => Buffer.from(`{"type":"${type}","object":${entry.json}}\n`),
    bookmark(version, end) {
      const metadata = { resourceVersion: String(version), ...(end ? { annotations: INITIAL_EVENTS_END } : {}) };
      return line("BOOKMARK", { kind: resource.kind, apiVersion: groupVersion(resource), metadata });
    },
  };
}

/** `now` gives milliseconds since 1970. The first table has the definitions of the columns. */
export function tableLines(resource: Resource, include: IncludeObject, now: () => number): WatchLines {
  let headed = true;
  const row = (type: EventType, entry: Entry): Buffer => {
    const metadata = { resourceVersion: String(entry.version) };
    const object = table(resource, [entry], metadata, include, now(), headed);
    headed = false;
    return line(type, object);
  };
  return {
    event: (event) => row(event.type, event.entry),
    own: row,
    bookmark(version, end) {
      const metadata = { resourceVersion: String(version), ...(end ? { annotations: INITIAL_EVENTS_END } : {}) };
      const object = { kind: resource.kind, apiVersion: groupVersion(resource), metadata };
      return line("BOOKMARK", {
        ...table(resource, [], { resourceVersion: String(version) }, include, now(), false),
        rows: [{ cells: resource.columns.map(() => null), object }],
      });
    },
  };
}

export function errorLine(status: Status): Buffer {
  return line("ERROR", status);
}

/** The last state of an object that matched, as of the version at which it ceased to. */
export function atVersion(entry: Entry, version: number): Entry {
  const object = fromEntry(entry);
  const metadata = { ...object.metadata, resourceVersion: String(version) };
  return { ...entry, version, json: JSON.stringify({ ...object, metadata }) };
}

const INITIAL_EVENTS_END = { "k8s.io/initial-events-end": "true" };

function line(type: string, object: object): Buffer {
  return Buffer.from(`${JSON.stringify({ type, object })}\n`);
}
