/**
 * One watch: a position in the history of a collection. It writes as fast as its client reads and keeps no queue; who
 * falls behind what the history still knows gets the error 410 and the end of the stream.
 */
import type { Writable } from "node:stream";
import { expired } from "./api-error.ts";
import type { Clock } from "@carrick/kube";
import type { Collection, Watcher } from "./collection.ts";
import type { Entry, WatchEvent } from "./entry.ts";
import type { WatchOptions } from "./list-options.ts";
import { atVersion, errorLine } from "./watch-lines.ts";
import type { WatchLines } from "./watch-lines.ts";

export interface WatchSettings extends WatchOptions {
  readonly namespace: string | undefined;
  /** Milliseconds from one bookmark to the next. */
  readonly bookmarkMs: number;
  readonly clock: Clock;
  /** The server's version now. */
  version(): number;
}

/** Bytes that are gathered into one write. */
const CHUNK = 64 * 1024;
/** A watch that asks for no end ends after an hour. */
const LONGEST_SECONDS = 3600;

/** Sends the changes of `collection` to `out` until one of the two ends, or its time is over. */
export function watch(collection: Collection, lines: WatchLines, settings: WatchSettings, out: Writable): void {
  new Watch(collection, lines, settings, out).start();
}

class Watch implements Watcher {
  readonly #collection: Collection;
  readonly #lines: WatchLines;
  readonly #settings: WatchSettings;
  readonly #out: Writable;
  /** Objects that are still to be sent as they were at the beginning. */
  #initial: readonly Entry[] = [];
  #sentInitial = 0;
  /** The version at which the initial objects were taken, until their end has been marked. */
  #unmarked: number | undefined;
  #position: number;
  #blocked = false;
  #ended = false;
  readonly #cancels: (() => void)[] = [];
  #cancelBookmark: (() => void) | undefined;

  constructor(collection: Collection, lines: WatchLines, settings: WatchSettings, out: Writable) {
    this.#collection = collection;
    this.#lines = lines;
    this.#settings = settings;
    this.#out = out;
    const { history } = collection;
    const newest = settings.version();
    this.#position = settings.initial || settings.from === undefined ? history.next : history.after(settings.from);
    if (!settings.initial) return;
    this.#initial = collection.sorted();
    if (settings.markEnd) this.#unmarked = newest;
  }

  start(): void {
    const { clock, timeoutSeconds, from, initial } = this.#settings;
    const { history, watchers } = this.#collection;
    if (!initial && from !== undefined && from < history.forgotten) return this.#fail(from);
    watchers.add(this);
    this.#out.once("close", () => this.#stop());
    this.#cancels.push(clock.after((timeoutSeconds ?? LONGEST_SECONDS) * 1000, () => this.#timeOut()));
    this.#pump();
    this.#scheduleBookmark();
  }

  wake(): void {
    // Also while the client does not read: it must not hold a place for changes that are gone.
    if (this.#position < this.#collection.history.first) this.#fail(this.#collection.history.forgotten);
    else this.#pump();
  }

  close(): void {
    this.#pump();
    this.#finish();
  }

  #pump(): void {
    while (!this.#blocked && !this.#ended) {
      const chunk = this.#gather();
      if (chunk === undefined) return;
      this.#write(chunk);
    }
  }

  #write(chunk: Buffer): void {
    if (this.#out.write(chunk)) return;
    this.#blocked = true;
    this.#out.once("drain", () => {
      this.#blocked = false;
      this.wake();
    });
  }

  /** The next lines, as many as fit into one chunk; undefined if there are none. */
  #gather(): Buffer | undefined {
    const lines: Buffer[] = [];
    let bytes = 0;
    while (bytes < CHUNK) {
      const line = this.#nextInitial() ?? this.#nextChange();
      if (line === undefined) break;
      lines.push(line);
      bytes += line.length;
    }
    return lines.length <= 1 ? lines[0] : Buffer.concat(lines, bytes);
  }

  #nextInitial(): Buffer | undefined {
    while (this.#sentInitial < this.#initial.length) {
      const entry = this.#initial[this.#sentInitial]!;
      this.#sentInitial += 1;
      if (this.#matches(entry)) return this.#lines.own("ADDED", entry);
    }
    this.#initial = [];
    this.#sentInitial = 0;
    const version = this.#unmarked;
    if (version === undefined) return undefined;
    this.#unmarked = undefined;
    return this.#lines.bookmark(version, true);
  }

  #nextChange(): Buffer | undefined {
    const { history } = this.#collection;
    while (this.#position < history.next) {
      const event = history.at(this.#position);
      this.#position += 1;
      const line = this.#change(event);
      if (line !== undefined) return line;
    }
    return undefined;
  }

  #change(event: WatchEvent): Buffer | undefined {
    const { type, entry, previous, version } = event;
    const now = this.#matches(entry);
    if (type !== "MODIFIED") return now ? this.#lines.event(event) : undefined;
    const before = previous !== undefined && this.#matches(previous);
    if (now) return before ? this.#lines.event(event) : this.#lines.own("ADDED", entry);
    return before ? this.#lines.own("DELETED", atVersion(previous, version)) : undefined;
  }

  #matches(entry: Entry): boolean {
    const { namespace, selector } = this.#settings;
    if (namespace !== undefined && entry.namespace !== namespace) return false;
    return selector === undefined || selector(entry);
  }

  #scheduleBookmark(): void {
    const { bookmarks, bookmarkMs, clock } = this.#settings;
    if (!bookmarks || this.#ended) return;
    this.#cancelBookmark = clock.after(bookmarkMs, () => {
      this.#bookmark();
      this.#scheduleBookmark();
    });
  }

  /** A client that is behind gets none: its events tell it more. */
  #bookmark(): void {
    if (!this.#blocked && !this.#ended) this.#write(this.#lines.bookmark(this.#settings.version(), false));
  }

  /** The last bookmark spares the client a long way when it comes again. */
  #timeOut(): void {
    this.#pump();
    if (this.#settings.bookmarks) this.#bookmark();
    this.#finish();
  }

  #fail(version: number): void {
    const error = expired(`too old resource version: ${version} (${this.#collection.history.forgotten})`);
    this.#out.write(errorLine(error.status()));
    this.#finish();
  }

  #finish(): void {
    if (this.#ended) return;
    this.#stop();
    this.#out.end();
  }

  #stop(): void {
    this.#ended = true;
    this.#initial = [];
    this.#collection.watchers.delete(this);
    this.#cancelBookmark?.();
    for (const cancel of this.#cancels) cancel();
  }
}
