import type { ClusterState } from "@carrick/core/derive";
import type { FrontendKey, FrontendRow, ImageKey, ImageRow } from "@carrick/core/derive/mesh";
import type { ClusterName } from "@carrick/core/model";
import type { ClusterHealths, Condition, Publisher } from "../bpf/index.ts";
import type { ClusterIndexes } from "./cluster-indexes.ts";
import { describeFrontend, describeImage } from "./describe.ts";
import type { NodeTables } from "./node-tables.ts";

export interface KernelServicesOptions {
  readonly tables: NodeTables;
  /** The node's own cluster. */
  readonly here: ClusterName;
  readonly publisher: Publisher;
  readonly healths: ClusterHealths;
  readonly clusters: ClusterIndexes;
  /** What is told by then is in force, as far as `conditions` do not say otherwise. */
  readonly onFlushed?: () => void;
  /** The kernel cannot be written any more, for example because another agent has taken over. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Writes into the kernel what follows from the tables. While a cluster is not known, a Service that the kernel serves from
 * before the start stays as it is: what would be written may be less. So does a drain.
 */
export class KernelServices {
  readonly #options: KernelServicesOptions;
  readonly #frontendsOf = new Map<ImageKey, Map<FrontendKey, FrontendRow>>();
  /** Images that were written by this process. */
  readonly #written = new Set<ImageKey>();
  /** Frontends that this process has led to an image: they are not from before the start. */
  readonly #led = new Set<FrontendKey>();
  /** Clusters of which this process has written the health. */
  readonly #spoken = new Set<ClusterName>();
  /** Of images that are in the kernel in part. */
  readonly #conditions = new Map<ImageKey, Condition>();
  readonly #changed = new Set<ImageKey>();
  readonly #gone = new Map<FrontendKey, FrontendRow>();
  #flushing = false;
  #again = false;
  #closed = false;

  constructor(options: KernelServicesOptions) {
    this.#options = options;
    const { store, frontends, images, clusters } = options.tables;
    store.sink<FrontendRow>(frontends, (changes) => {
      for (const { key, old, new: now } of changes) this.#frontend(key, old, now);
    });
    store.sink<ImageRow>(images, (changes) => {
      for (const { key } of changes) this.#changed.add(key as ImageKey);
    });
    store.sink<ClusterState>(clusters, (changes) => {
      for (const { key, new: now } of changes) this.#health(key, now);
    });
  }

  /** What is not served as it is wanted, by image or frontend. */
  get conditions(): ReadonlyMap<string, Condition> {
    return new Map<string, Condition>([...this.#conditions, ...this.#options.publisher.conditions]);
  }

  /** Brings what has changed into the kernel, soon; calls while that is going on are one more round. */
  update(): void {
    if (this.#closed) return;
    if (this.#flushing) this.#again = true;
    else void this.#flush();
  }

  /** What is in the kernel stays and serves on. */
  close(): void {
    this.#closed = true;
  }

  #frontend(key: FrontendKey, old: FrontendRow | undefined, now: FrontendRow | undefined): void {
    if (old?.image !== undefined && old.image !== now?.image) {
      this.#frontendsOf.get(old.image)?.delete(key);
      if (this.#frontendsOf.get(old.image)?.size === 0) this.#frontendsOf.delete(old.image);
      if (now?.image === undefined) this.#gone.set(key, old);
    }
    if (now?.image === undefined) return;
    this.#gone.delete(key);
    const of = this.#frontendsOf.get(now.image) ?? new Map<FrontendKey, FrontendRow>();
    this.#frontendsOf.set(now.image, of.set(key, now));
    this.#changed.add(now.image);
  }

  /** A cluster that has not been heard is not one that is not being drained. */
  #health(cluster: ClusterName, state: ClusterState | undefined): void {
    const { healths, clusters } = this.#options;
    if (state === undefined) return;
    if (!state.endpointsKnown && !state.drain && !this.#spoken.has(cluster)) return;
    try {
      const index = clusters.of(cluster);
      // It is in no image either.
      if (index === undefined) return;
      this.#spoken.add(cluster);
      healths.set(index, { share: 1, drain: state.drain ? 0 : 1, deadline: 0 });
    } catch (error) {
      this.#fail(error);
    }
  }

  async #flush(): Promise<void> {
    const { publisher, tables, onFlushed } = this.#options;
    this.#flushing = true;
    try {
      do {
        this.#again = false;
        this.#tell();
        if (tables.complete) publisher.complete();
        await publisher.flush();
        if (!this.#closed) onFlushed?.();
      } while (this.#again && !this.#closed);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#flushing = false;
    }
  }

  /** It is the last that is heard of this. */
  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.onFailure(error);
  }

  #tell(): void {
    const { publisher } = this.#options;
    for (const [key, row] of this.#gone) {
      this.#led.delete(key);
      const frontend = describeFrontend(row);
      if (frontend !== undefined) publisher.setFrontend(frontend, undefined);
    }
    this.#gone.clear();
    for (const key of this.#changed) this.#tellImage(key);
    this.#changed.clear();
  }

  #tellImage(key: ImageKey): void {
    const { publisher, tables, clusters, here } = this.#options;
    const row = tables.images.get(key);
    this.#conditions.delete(key);
    if (row === undefined) {
      this.#written.delete(key);
      publisher.setService(key, undefined);
      return;
    }
    const frontends = [...(this.#frontendsOf.get(key) ?? [])].flatMap(([name, one]) => {
      const frontend = describeFrontend(one);
      return frontend === undefined ? [] : [{ name, frontend }];
    });
    const fromBefore = frontends.some(({ name, frontend }) => !this.#led.has(name) && publisher.serves(frontend));
    if (row.partial && !this.#written.has(key) && fromBefore) return;
    this.#written.add(key);
    publisher.setService(key, () => {
      const { service, condition } = describeImage(row, (cluster) => clusters.of(cluster), here);
      if (condition === undefined) this.#conditions.delete(key);
      else this.#conditions.set(key, condition);
      return service;
    });
    for (const { name, frontend } of frontends) {
      this.#led.add(name);
      publisher.setFrontend(frontend, key);
    }
  }
}
