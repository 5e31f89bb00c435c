import { setImmediate as turn } from "node:timers/promises";
import type { CallOptions, KubeReader } from "../client.ts";
import { type Clock, pause, systemClock } from "../clock.ts";
import { KubeError, statusError } from "../kube-error.ts";
import { resourceName, resourcePath } from "../resource-path.ts";
import { fields, text } from "../shape.ts";
import { versionOf } from "./identity.ts";
import { LineSplitter } from "./line-splitter.ts";
import { listPages } from "./list-pages.ts";
import { Mirror } from "./mirror.ts";
import type { Reflector, ReflectorTimings, ReflectOptions } from "./reflect.ts";
import { retry, retryTimings } from "./retry.ts";
import { StateTeller } from "./state-teller.ts";
import { parseWatchEvent } from "./watch-event.ts";

/** A watch that broke after so long was a good one. */
const steadyMs = 10_000;
/** A watch that ends sooner than this, with nothing said, is asked for again only after a wait. */
const hastyMs = 1_000;
/** How servers that do not stream lists refuse to (KEP-3157). */
const noStreamedLists: ReadonlySet<number> = new Set([400, 405, 422, 501]);

/** The loop of one reflector: list, watch, and after whatever ends them the same again. */
export class Reflection<T> implements Reflector {
  readonly counts = { lists: 0, watches: 0, failures: 0, malformedLines: 0, malformedObjects: 0 };
  readonly done: Promise<void>;
  readonly #options: ReflectOptions<T>;
  readonly #client: KubeReader;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #timings: ReflectorTimings;
  readonly #mirror: Mirror<T>;
  readonly #state: StateTeller;
  readonly #stop = new AbortController();
  /** Where a watch goes on; undefined if only a list can tell. */
  #version: string | undefined;
  /** Events that moved the version. */
  #progress = 0;
  /** Failures in a row without progress between them. */
  #failures = 0;
  #streamLists: boolean;
  /** A streamed list was accepted but not completed: the next list is tried in pages. */
  #streamBroke = false;

  constructor(options: ReflectOptions<T>) {
    const { client, sink, project, maxObjects = 1_000_000 } = options;
    this.#options = options;
    this.#client = client;
    this.#path = resourcePath(options.resource);
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#timings = { ...retryTimings, silentMs: 90_000, absentMs: 5_000, ...options.timings };
    this.#streamLists = options.streamLists ?? true;
    this.#mirror = new Mirror({
      project,
      maxObjects,
      apply: (changes) => {
        if (!this.#stopped) sink.apply(changes);
      },
      onMalformed: (reason) => {
        this.counts.malformedObjects += 1;
        options.onMalformed?.(this.#sentence(reason));
      },
    });
    const tell: typeof sink.state = (state) => {
      if (!this.#stopped) sink.state(state);
    };
    this.#state = new StateTeller(tell, () => this.#clock.now());
    this.done = Promise.resolve().then(() => this.#run());
  }

  stop(): void {
    this.#stop.abort();
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        this.#state.connecting();
        if (this.#version === undefined && (!this.#streamLists || this.#streamBroke)) await this.#listInPages();
        await this.#watch();
      } catch (error) {
        if (this.#stopped) return;
        if (!(error instanceof KubeError)) throw error;
        if (error.reason === "Closed") return;
        await this.#failed(error);
      }
    }
  }

  async #listInPages(): Promise<void> {
    // Should this fail as well, the next list is streamed again: the right to list may be what is missing.
    this.#streamBroke = false;
    this.#mirror.beginList();
    const { pageSize = 500 } = this.#options;
    let version: string | undefined;
    for await (const page of listPages(this.#client, this.#path, pageSize, this.#call({}))) {
      this.#state.heard();
      if (version === undefined) this.#state.listing();
      version = page.version;
      await this.#inSlices(page.items, (item) => this.#mirror.list(item));
      if (this.#stopped) return;
    }
    await this.#listed(version);
  }

  /** One watch until its end; without a version to go on from, it begins with the list as a stream of events. */
  async #watch(): Promise<void> {
    if (this.#stopped) return;
    const { silentMs } = this.#timings;
    const body = await this.#client.stream(this.#path, { ...this.#call(this.#watchQuery()), silentMs });
    this.counts.watches += 1;
    this.#state.heard();
    if (this.#version === undefined) {
      this.#streamBroke = true;
      this.#mirror.beginList();
      this.#state.listing();
    } else this.#state.watching();
    const since = this.#clock.now();
    const progress = this.#progress;
    try {
      await this.#follow(body);
    } finally {
      if (this.#clock.now() - since >= steadyMs) this.#failures = 0;
    }
    if (this.#version === undefined) throw this.#broken("Ended", "the server ended the list before it was complete");
    if (this.#progress === progress && this.#clock.now() - since < hastyMs) {
      throw this.#broken("Ended", "the server ended the watch at once");
    }
  }

  #watchQuery(): CallOptions["query"] {
    return {
      watch: true,
      allowWatchBookmarks: true,
      // Reflectors that were started together do not come again together.
      timeoutSeconds: 240 + Math.floor(this.#random() * 240),
      ...(this.#version === undefined
        ? { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" }
        : { resourceVersion: this.#version }),
    };
  }

  #call(query: CallOptions["query"]): CallOptions {
    const { fieldSelector, labelSelector } = this.#options;
    return { query: { fieldSelector, labelSelector, ...query }, signal: this.#stop.signal };
  }

  async #follow(body: AsyncIterable<Uint8Array>): Promise<void> {
    const lines = new LineSplitter(this.#options.maxLineBytes ?? 8 * 1024 * 1024);
    try {
      for await (const chunk of body) {
        if (this.#stopped) return;
        this.#state.heard();
        for (const line of lines.push(chunk)) {
          const complete = this.#take(line);
          if (complete === undefined) continue;
          await this.#listed(complete);
          this.#state.watching();
        }
        this.#mirror.flush();
      }
      lines.end();
    } catch (error) {
      // What came before a broken line is true.
      this.#mirror.flush();
      if (!(error instanceof KubeError) || error.reason !== "Malformed") throw error;
      this.counts.malformedLines += 1;
      this.#options.onMalformed?.(this.#sentence(error.message));
      throw this.#broken("Malformed", error.message);
    }
  }

  /** Takes one event. Gives the version of a streamed list if this event completes it. */
  #take(line: Buffer): string | undefined {
    const event = parseWatchEvent(line);
    if (event === undefined) throw new KubeError(0, "Malformed", "the watch sent a line that is no event");
    if (event.type === "error") throw statusError(this.#sentence("the watch was ended"), event.status);
    if (event.type === "bookmark") {
      if (this.#version === undefined && event.initialEnd) return event.version;
      this.#advance(event.version);
      return undefined;
    }
    if (event.type === "put") this.#mirror.put(event.object);
    else this.#mirror.remove(event.object);
    this.#advance(versionOf(fields(event.object["metadata"])));
    return undefined;
  }

  /** During a streamed list the versions of single objects are none to go on from. */
  #advance(version: string | undefined): void {
    if (this.#version === undefined || version === undefined) return;
    this.#version = version;
    this.#progress += 1;
    this.#failures = 0;
  }

  /** All objects of a list have been told, up to `version`: those that it did not show are gone. */
  async #listed(version: string | undefined): Promise<void> {
    this.#mirror.flush();
    await this.#inSlices(this.#mirror.endList(), (key) => this.#mirror.forget(key));
    if (this.#stopped) return;
    this.#version = version;
    this.#streamBroke = false;
    this.counts.lists += 1;
    this.#options.sink.synced();
  }

  /** Others get their turn after each slice. */
  async #inSlices<I>(items: readonly I[], take: (item: I) => void): Promise<void> {
    const { sliceSize = 100 } = this.#options;
    for (let start = 0; start < items.length && !this.#stopped; start += sliceSize) {
      for (const item of items.slice(start, start + sliceSize)) take(item);
      this.#mirror.flush();
      await turn();
    }
  }

  async #failed(error: KubeError): Promise<void> {
    if (this.#version === undefined && this.#streamLists && noStreamedLists.has(error.status)) {
      this.#streamLists = false;
      return;
    }
    if (this.#version === undefined && error.status === 404 && (await this.#isApiServer())) {
      await this.#absent();
      return;
    }
    this.counts.failures += 1;
    this.#failures += 1;
    const { waitMs, relist } = retry(error, this.#failures, this.counts.lists > 0, this.#random(), this.#timings);
    if (relist) this.#version = undefined;
    this.#state.waiting(error);
    await pause(this.#clock, waitMs, this.#stop.signal);
  }

  /** A 404 may also be a proxy's whose server is away; only an API server tells its version. */
  async #isApiServer(): Promise<boolean> {
    try {
      const version = await this.#client.get("/version", { signal: this.#stop.signal });
      return text(version["gitVersion"]) !== undefined;
    } catch {
      // Not known, which is not absent: the 404 counts as a failure like any other.
      return false;
    }
  }

  /** There is no such resource, so there are no objects of it. */
  async #absent(): Promise<void> {
    this.#failures = 0;
    this.#state.heard();
    this.#mirror.beginList();
    await this.#listed(undefined);
    this.#state.absent();
    await pause(this.#clock, this.#timings.absentMs * (1 + this.#random() / 10), this.#stop.signal);
  }

  #broken(reason: string, message: string): KubeError {
    return new KubeError(0, reason, this.#sentence(message));
  }

  #sentence(message: string): string {
    return `${this.#client.name}: ${resourceName(this.#options.resource)}: ${message}`;
  }
}
