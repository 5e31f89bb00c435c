import { type ClusterName, KINDS, type RowOf } from "@carrick/core/model";
import type { Table } from "@carrick/core/store";
import type { Writers } from "../sources/writers.ts";
import type { World } from "../world/world.ts";
import { type CopiedKind, copyPath, readCopy, writeCopy } from "./copy-file.ts";

/** The first copy after a change is made soon, the next ones not more often than this. */
const SOON_MS = 500;
const AT_MOST_EVERY_MS = 10_000;

const COPIED: readonly CopiedKind[] = KINDS.filter((kind) => kind !== "Secret");

export interface CopiesOptions {
  readonly folder: string;
  readonly world: World;
  readonly onProblem: (sentence: string) => void;
}

interface Copy {
  changed: boolean;
  writtenAt: number;
}

/** What each source said last, on disk: read at start, marked stale until the source speaks. Never an authority. */
export class Copies {
  readonly #options: CopiesOptions;
  readonly #writers = new Map<ClusterName, Writers>();
  readonly #copies = new Map<string, Copy>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: CopiesOptions) {
    this.#options = options;
    const { world } = options;
    for (const kind of COPIED) {
      world.store.sink<RowOf[CopiedKind]>(world.tables[kind], (changes) => {
        for (const { old, new: now } of changes) this.#touch((now ?? old)!.cluster, kind);
      });
    }
    // A cluster with nothing of a kind has a copy too: it says that there is nothing.
    world.store.sink(world.tables.sources, (changes) => {
      for (const { new: now } of changes) {
        const kind = COPIED.find((candidate) => candidate === now?.kind);
        if (now?.known === true && kind !== undefined) this.#touch(now.cluster, kind);
      }
    });
  }

  /** Gives the writers of a cluster what is on disk of it. */
  async restore(cluster: ClusterName, writers: Writers): Promise<void> {
    const { folder, onProblem } = this.#options;
    this.#writers.set(cluster, writers);
    for (const kind of COPIED) {
      try {
        const rows = await readCopy(folder, cluster, kind);
        if (rows !== undefined) writers[kind].restore(rows as never[]);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        onProblem(`${copyPath(folder, cluster, kind)}: is not used as the copy of ${cluster}: ${why}`);
      }
    }
  }

  /** Writes what has changed and has not been written yet. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#writeChanged(Infinity));
    await this.#writing;
  }

  #touch(cluster: ClusterName, kind: CopiedKind): void {
    const id = `${cluster}/${kind}`;
    const copy = this.#copies.get(id) ?? { changed: false, writtenAt: -Infinity };
    copy.changed = true;
    this.#copies.set(id, copy);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#writeChanged(performance.now() - AT_MOST_EVERY_MS));
      void this.#writing.then(() => {
        if ([...this.#copies.values()].some((copy) => copy.changed)) this.#schedule();
      });
    }, SOON_MS);
    this.#timer.unref();
  }

  /** Writes what has changed and was last written before `before`. */
  async #writeChanged(before: number): Promise<void> {
    for (const [id, copy] of this.#copies) {
      if (!copy.changed || copy.writtenAt > before) continue;
      const [cluster = "", kind = ""] = id.split("/");
      await this.#write(cluster, kind as CopiedKind, copy);
    }
  }

  async #write(cluster: ClusterName, kind: CopiedKind, copy: Copy): Promise<void> {
    const { folder, world, onProblem } = this.#options;
    const writer = this.#writers.get(cluster)?.[kind];
    // A half-told list must not replace a whole one.
    if (writer === undefined || !writer.known) return;
    copy.changed = false;
    copy.writtenAt = performance.now();
    const table: Table<RowOf[CopiedKind]> = world.tables[kind];
    const rows = [...table.entries()].map(([, row]) => row).filter((row) => row.cluster === cluster);
    try {
      await writeCopy<CopiedKind>(folder, cluster, kind, rows);
    } catch (error) {
      copy.changed = true;
      const why = error instanceof Error ? error.message : String(error);
      onProblem(`${copyPath(folder, cluster, kind)}: the copy of ${cluster} cannot be written: ${why}`);
    }
  }
}
