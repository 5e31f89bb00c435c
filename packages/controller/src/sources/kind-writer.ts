import { accept } from "@carrick/core/ingest";
import { type Kind, type ObjectKey, objectKey, type RowOf, sourceKey } from "@carrick/core/model";
import type { Base } from "@carrick/core/store";
import type { RowWrite, World } from "../world/world.ts";

/** The kind whose rows everything is derived from. */
const DRIVING: Kind = "Ingress";

/** A row to keep, or the name of one that is gone. */
export type RowChange<T> =
  | { readonly key: string; readonly value: T }
  | { readonly key: string; readonly deleted: true };

/** Takes the rows of one kind of one cluster, whoever tells of them: an API server, a folder, a copy on disk. */
export interface RowWriter<T> {
  /** Everything has been told once, now or by the copy on disk. */
  readonly known: boolean;
  /** What is known is of the copy on disk. */
  readonly fromCopy: boolean;
  /** Takes the rows of the copy on disk: the cluster counts as known until it says otherwise. */
  restore(rows: readonly T[]): void;
  /** Keys are `<namespace>/<name>`, or a name. */
  apply(changes: readonly RowChange<T>[]): void;
  /** Everything has been told: rows that only the copy on disk had are gone. */
  synced(): void;
}

/** Writes into the table of a kind. */
export class KindWriter<K extends Kind> implements RowWriter<RowOf[K]> {
  readonly cluster: string;
  readonly kind: K;
  /** Rows of the copy on disk that the source has not confirmed. */
  readonly #unconfirmed = new Set<ObjectKey>();
  readonly #world: World;
  readonly #table: Base<RowOf[K]>;
  #known = false;
  #fromCopy = false;

  constructor(world: World, cluster: string, kind: K) {
    this.#world = world;
    this.cluster = cluster;
    this.kind = kind;
    this.#table = world.tables[kind] as unknown as Base<RowOf[K]>;
    world.write([], () => this.#setKnown(false));
  }

  get known(): boolean {
    return this.#known;
  }

  get fromCopy(): boolean {
    return this.#fromCopy;
  }

  restore(rows: readonly RowOf[K][]): void {
    if (this.#known) return;
    const writes = rows.map((row) => {
      const key = objectKey(row.cluster, row.namespace, row.name);
      this.#unconfirmed.add(key);
      return { key, run: () => this.#table.set(key, row) };
    });
    this.#known = true;
    this.#fromCopy = true;
    this.#write(writes, () => this.#setKnown(true));
  }

  apply(changes: readonly RowChange<RowOf[K]>[]): void {
    this.#write(
      changes.map((change) => {
        const key = this.#keyOf(change.key);
        this.#unconfirmed.delete(key);
        return { key, run: "deleted" in change ? () => this.#table.delete(key) : () => this.#put(key, change.value) };
      }),
    );
  }

  synced(): void {
    const gone = [...this.#unconfirmed];
    this.#unconfirmed.clear();
    const first = !this.#known;
    this.#known = true;
    this.#fromCopy = false;
    if (gone.length === 0 && !first) return;
    this.#write(
      gone.map((key) => ({ key, run: () => this.#table.delete(key) })),
      () => this.#setKnown(true),
    );
  }

  #put(key: ObjectKey, row: RowOf[K]): void {
    this.#table.set(key, accept(this.kind, this.#table.get(key), row));
  }

  #write(rows: readonly RowWrite[], afterwards?: () => void): void {
    if (this.kind === DRIVING) this.#world.writeDriving(rows, afterwards);
    else this.#world.write(rows, afterwards);
  }

  #setKnown(known: boolean): void {
    const { cluster, kind } = this;
    this.#world.tables.sources.set(sourceKey(cluster, kind), { cluster, kind, known });
  }

  #keyOf(key: string): ObjectKey {
    const slash = key.indexOf("/");
    return slash < 0
      ? objectKey(this.cluster, "", key)
      : objectKey(this.cluster, key.slice(0, slash), key.slice(slash + 1));
  }
}
