import { type ClusterName, type Kind, KINDS, type RowOf, sourceKey } from "@carrick/core/model";
import type { Table } from "@carrick/core/store";
import type { Writers } from "../sources/writers.ts";
import type { World } from "../world/world.ts";
import { Copy } from "./copy.ts";
import { rowLines } from "./row-lines.ts";
import { type Seal, sealWith } from "./seal.ts";

export interface CopiesOptions {
  readonly folder: string;
  readonly world: World;
  /** This replica's private key, PEM: Secrets are sealed with a key derived from it. */
  readonly privateKey: string;
  readonly onProblem: (sentence: string) => void;
}

type CopyOf = Copy<RowOf[Kind]>;

/** What each source said last, on disk: read at start, marked stale until the source speaks. Never an authority. */
export class Copies {
  readonly #options: CopiesOptions;
  readonly #copies = new Map<string, CopyOf>();
  /** Clusters whose copy had Secrets. */
  readonly #restored = new Set<ClusterName>();
  #seal: Seal;

  constructor(options: CopiesOptions) {
    this.#options = options;
    this.#seal = sealWith(options.privateKey);
    const { world } = options;
    for (const kind of KINDS) {
      world.store.sink<RowOf[Kind]>(world.tables[kind], (changes) => {
        for (const { key, old, new: now } of changes) this.#of((now ?? old)!.cluster, kind)?.changed(key, now);
      });
    }
    world.store.sink(world.tables.sources, (changes) => {
      for (const { new: now } of changes) {
        if (now?.known !== true) continue;
        if (now.kind !== "Secret") this.#of(now.cluster, now.kind)?.complete();
        if (this.#secretsTold(now.cluster)) this.#of(now.cluster, "Secret")?.complete();
      }
    });
  }

  /** Gives the writers of a cluster what is on disk of it. */
  async restore<K extends Kind>(cluster: ClusterName, writers: Writers<K>): Promise<void> {
    // All are read before one is given on: what is known of one kind decides what is written of another.
    const restored: (() => void)[] = [];
    for (const kind of Object.keys(writers) as K[]) {
      const copy = this.#open(cluster, kind);
      this.#copies.set(`${cluster}/${kind}`, copy);
      try {
        const rows = await copy.read();
        if (rows === undefined) continue;
        if (kind === "Secret") this.#restored.add(cluster);
        restored.push(() => writers[kind].restore(rows as never[]));
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        this.#options.onProblem(`${copy.path}: is not used as the copy of ${cluster}: ${why}`);
      }
    }
    for (const give of restored) give();
  }

  /** A renewed certificate has a new key: what was sealed with the old one is written again. */
  renew(privateKey: string): void {
    this.#seal = sealWith(privateKey);
    for (const [id, copy] of this.#copies) if (id.endsWith("/Secret")) copy.rewrite();
  }

  /** Resolves when everything is on disk that was said until now. */
  async written(): Promise<void> {
    await Promise.all([...this.#copies.values()].map((copy) => copy.written()));
  }

  /** Which Secrets there are is known when the Ingresses are; and what the copy has of them must have been taken. */
  #secretsTold(cluster: ClusterName): boolean {
    const { sources } = this.#options.world.tables;
    const known = (kind: Kind) => sources.get(sourceKey(cluster, kind))?.known === true;
    return known("Ingress") && (known("Secret") || !this.#restored.has(cluster));
  }

  #of(cluster: ClusterName, kind: Kind): CopyOf | undefined {
    return this.#copies.get(`${cluster}/${kind}`);
  }

  #open(cluster: ClusterName, kind: Kind): CopyOf {
    const { folder, onProblem } = this.#options;
    const copy: CopyOf = new Copy<RowOf[Kind]>({
      folder,
      cluster,
      kind,
      rows: () => this.#rows(cluster, kind),
      lines: () => rowLines(kind, this.#seal),
      onProblem: (sentence) => onProblem(`${copy.path}: the copy of ${cluster} ${sentence}`),
    });
    return copy;
  }

  /** Of the Secrets only those that an Ingress names now. */
  *#rows(cluster: ClusterName, kind: Kind): Generator<readonly [string, RowOf[Kind]]> {
    const { tables, edges } = this.#options.world;
    const table: Table<RowOf[Kind]> = tables[kind];
    for (const [key, row] of table.entries()) {
      const wanted = kind !== "Secret" || edges.some(({ wantedSecrets }) => wantedSecrets.get(key) !== undefined);
      if (row.cluster === cluster && wanted) yield [key, row];
    }
  }
}
