import type { ClusterState } from "@carrick/core/derive";
import type { FrontendKey, FrontendRow, ImageKey, ImageRow } from "@carrick/core/derive/mesh";
import type { ClusterHealths, Publisher } from "../bpf/index.ts";
import type { ClusterIndexes } from "./cluster-indexes.ts";
import { describeFrontend, describeImage } from "./describe.ts";
import type { NodeTables } from "./node-tables.ts";

export interface KernelServicesOptions {
  readonly tables: NodeTables;
  readonly publisher: Publisher;
  readonly healths: ClusterHealths;
  readonly clusters: ClusterIndexes;
  /** The kernel cannot be written any more, for example because another agent has taken over. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Writes into the kernel what follows from the tables. While a cluster is not known, a Service that the kernel serves from
 * before the start stays as it is: what would be written may be less.
 */
export class KernelServices {
  readonly #options: KernelServicesOptions;
  readonly #frontendsOf = new Map<ImageKey, Map<FrontendKey, FrontendRow>>();
  /** Images that were written by this process. */
  readonly #written = new Set<ImageKey>();
  readonly #changed = new Set<ImageKey>();
  #gone: FrontendRow[] = [];
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

  /** Brings what has changed into the kernel, soon; calls while that is going on are one more round. */
  update(): void {
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
      if (now?.image === undefined) this.#gone.push(old);
    }
    if (now?.image === undefined) return;
    const of = this.#frontendsOf.get(now.image) ?? new Map<FrontendKey, FrontendRow>();
    this.#frontendsOf.set(now.image, of.set(key, now));
    this.#changed.add(now.image);
  }

  #health(cluster: string, state: ClusterState | undefined): void {
    const { healths, clusters } = this.#options;
    if (state !== undefined) healths.set(clusters.of(cluster), { share: 1, drain: state.drain ? 0 : 1, deadline: 0 });
  }

  async #flush(): Promise<void> {
    const { publisher, tables, onFailure } = this.#options;
    this.#flushing = true;
    try {
      do {
        this.#again = false;
        this.#tell();
        if (tables.complete) publisher.complete();
        await publisher.flush();
      } while (this.#again && !this.#closed);
    } catch (error) {
      if (!this.#closed) onFailure(error);
    } finally {
      this.#flushing = false;
    }
  }

  #tell(): void {
    const { publisher, tables, clusters } = this.#options;
    for (const row of this.#gone) {
      const frontend = describeFrontend(row);
      if (frontend !== undefined) publisher.setFrontend(frontend, undefined);
    }
    this.#gone = [];
    for (const key of this.#changed) {
      const row = tables.images.get(key);
      const frontends = [...(this.#frontendsOf.get(key)?.values() ?? [])].flatMap((one) => describeFrontend(one) ?? []);
      if (row === undefined) {
        this.#written.delete(key);
        publisher.setService(key, undefined);
        continue;
      }
      const keeps = row.partial && !this.#written.has(key) && frontends.some((frontend) => publisher.serves(frontend));
      if (keeps) continue;
      this.#written.add(key);
      publisher.setService(key, () => describeImage(row, (cluster) => clusters.of(cluster)));
      for (const frontend of frontends) publisher.setFrontend(frontend, key);
    }
    this.#changed.clear();
  }
}
