/** All objects of one resource, in the order of their keys, with their last changes and who watches them. */
import type { Entry, EventType } from "./entry.ts";
import { WatchEvent } from "./entry.ts";
import { History } from "./history.ts";
import type { Resource } from "./resource.ts";

/** A state that pages of one list share. */
interface Snapshot {
  readonly version: number;
  readonly entries: readonly Entry[];
  readonly at: number;
}

const SNAPSHOTS = 8;
/** How long a continue token is good for; Kubernetes' own five minutes. */
const SNAPSHOT_MS = 300_000;

export interface Watcher {
  /** There may be new events, or (`closed`) the resource is gone. Must not throw. */
  wake(): void;
  close(): void;
}

export class Collection {
  /** Replaced when its definition changes how it is printed. */
  resource: Resource;
  readonly history: History;
  readonly watchers = new Set<Watcher>();
  readonly #entries = new Map<string, Entry>();
  /** Keys in order, without `#added` and perhaps with some that are gone: mended when somebody lists. */
  #sorted: string[] = [];
  #added = new Set<string>();
  #snapshots: Snapshot[] = [];
  #waking = false;
  #changed = 0;

  constructor(resource: Resource, historyEvents: number, version: number) {
    this.resource = resource;
    this.history = new History(historyEvents, version);
    this.#changed = version;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** In no particular order. */
  values(): Iterable<Entry> {
    return this.#entries.values();
  }

  /** Puts one change in force: O(1). The watchers are woken once for all changes of a turn. */
  apply(type: EventType, entry: Entry): WatchEvent {
    const previous = this.#entries.get(entry.key);
    if (type === "DELETED") this.#entries.delete(entry.key);
    else this.#insert(entry, previous);
    const event = new WatchEvent(type, entry, previous);
    this.history.push(event);
    this.#changed = entry.version;
    this.#wakeSoon();
    return event;
  }

  /** Puts an entry in place without an event, as when a log is read. */
  restore(entry: Entry): void {
    this.#insert(entry, this.#entries.get(entry.key));
    this.#changed = Math.max(this.#changed, entry.version);
  }

  #insert(entry: Entry, previous: Entry | undefined): void {
    this.#entries.set(entry.key, entry);
    if (previous === undefined) this.#added.add(entry.key);
  }

  #wakeSoon(): void {
    if (this.#waking || this.watchers.size === 0) return;
    this.#waking = true;
    queueMicrotask(() => {
      this.#waking = false;
      for (const watcher of this.watchers) watcher.wake();
    });
  }

  /** Every entry in the order of keys. */
  sorted(): Entry[] {
    if (this.#added.size > 0) {
      // A key that was deleted and created again is in both.
      const old = this.#sorted.filter((key) => this.#entries.has(key) && !this.#added.has(key));
      const added = [...this.#added].filter((key) => this.#entries.has(key)).sort(byCodeUnit);
      this.#sorted = merge(old, added);
      this.#added = new Set();
    } else if (this.#sorted.length !== this.#entries.size) {
      this.#sorted = this.#sorted.filter((key) => this.#entries.has(key));
    }
    return this.#sorted.map((key) => this.#entries.get(key)!);
  }

  /** Keeps the state of now for the next pages of a list. */
  keep(version: number, entries: readonly Entry[], now: number): void {
    this.#snapshots = this.#snapshots.filter((one) => one.version !== version && now - one.at < SNAPSHOT_MS);
    if (this.#snapshots.length >= SNAPSHOTS) this.#snapshots.shift();
    this.#snapshots.push({ version, entries, at: now });
  }

  /** The state at `version` for a continued list; undefined if it is no longer known. */
  at(version: number, now: number): readonly Entry[] | undefined {
    const kept = this.#snapshots.find((one) => one.version === version && now - one.at < SNAPSHOT_MS);
    if (kept !== undefined) return kept.entries;
    return version >= this.#changed && version >= this.history.forgotten ? this.sorted() : undefined;
  }

  /** Forgets all changes and all states of lists that have more pages. */
  forget(version: number): void {
    this.history.forget(version);
    this.#snapshots = [];
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function merge(a: readonly string[], b: readonly string[]): string[] {
  const merged: string[] = [];
  let i = 0;
  for (const key of b) {
    while (i < a.length && a[i]! < key) merged.push(a[i++]!);
    merged.push(key);
  }
  while (i < a.length) merged.push(a[i++]!);
  return merged;
}
