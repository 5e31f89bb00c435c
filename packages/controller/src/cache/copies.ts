import { type ClusterName, type Kind, KINDS, type RowOf } from "@carrick/core/model";
import type { Table } from "@carrick/core/store";
import type { Writers } from "../sources/writers.ts";
import type { World } from "../world/world.ts";
import { copyPath, readCopy, writeCopy } from "./copy-file.ts";
import { rowLines } from "./row-lines.ts";
import { type Seal, sealWith } from "./seal.ts";

/** The first copy after a change is made soon, the next ones not more often than this. */
const SOON_MS = 500;
const AT_MOST_EVERY_MS = 10_000;

export interface CopiesOptions {
  readonly folder: string;
  readonly world: World;
  /** This replica's private key, PEM: Secrets are sealed with a key derived from it. */
  readonly privateKey: string;
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
  #seal: Seal;

  constructor(options: CopiesOptions) {
    this.#options = options;
    this.#seal = sealWith(options.privateKey);
    const { world } = options;
    for (const kind of KINDS) {
      world.store.sink<RowOf[Kind]>(world.tables[kind], (changes) => {
        for (const { old, new: now } of changes) this.#touch((now ?? old)!.cluster, kind);
      });
    }
    // A cluster with nothing of a kind has a copy too: it says that there is nothing.
    world.store.sink(world.tables.sources, (changes) => {
      for (const { new: now } of changes) {
        if (now?.known === true) this.#touch(now.cluster, now.kind);
      }
    });
  }

  /** Gives the writers of a cluster what is on disk of it. */
  async restore(cluster: ClusterName, writers: Writers): Promise<void> {
    const { folder, onProblem } = this.#options;
    this.#writers.set(cluster, writers);
    for (const kind of KINDS) {
      try {
        const rows = await readCopy(folder, cluster, kind, rowLines(kind, this.#seal));
        if (rows !== undefined) writers[kind].restore(rows as never[]);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        onProblem(`${copyPath(folder, cluster, kind)}: is not used as the copy of ${cluster}: ${why}`);
      }
    }
  }

  /** A renewed certificate has a new key: what was sealed with the old one is written again. */
  renew(privateKey: string): void {
    this.#seal = sealWith(privateKey);
    for (const cluster of this.#writers.keys()) this.#touch(cluster, "Secret");
  }

  /** Writes what has changed and has not been written yet. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#writeChanged(Infinity));
    await this.#writing;
  }

  #touch(cluster: ClusterName, kind: Kind): void {
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
      await this.#write(cluster, kind as Kind, copy);
    }
  }

  async #write(cluster: ClusterName, kind: Kind, copy: Copy): Promise<void> {
    const { folder, onProblem } = this.#options;
    // A half-told list must not replace a whole one; which Secrets there are is known when the Ingresses are.
    if (this.#writers.get(cluster)?.[kind === "Secret" ? "Ingress" : kind].known !== true) return;
    copy.changed = false;
    copy.writtenAt = performance.now();
    try {
      await writeCopy<RowOf[Kind]>(folder, cluster, kind, this.#rows(cluster, kind), rowLines(kind, this.#seal));
    } catch (error) {
      copy.changed = true;
      const why = error instanceof Error ? error.message : String(error);
      onProblem(`${copyPath(folder, cluster, kind)}: the copy of ${cluster} cannot be written: ${why}`);
    }
  }

  /** Of the Secrets only those that an Ingress names now. */
  #rows(cluster: ClusterName, kind: Kind): RowOf[Kind][] {
    const { tables, edges } = this.#options.world;
    const table: Table<RowOf[Kind]> = tables[kind];
    const rows: RowOf[Kind][] = [];
    for (const [key, row] of table.entries()) {
      const wanted = kind !== "Secret" || edges.some(({ wantedSecrets }) => wantedSecrets.get(key) !== undefined);
      if (row.cluster === cluster && wanted) rows.push(row);
    }
    return rows;
  }
}
