/** A view whose resources are given. */
import type { Resource, Source, TypeUrl, View, ViewListener } from "@carrick/xds/protocol";

export type Changes = ReadonlyMap<TypeUrl, ReadonlyMap<string, Resource | undefined>>;

class TableSource implements Source {
  readonly rows = new Map<string, Resource>();
  /** What was replaced, by version. */
  readonly replaced = new Map<string, Map<string, Resource>>();
  known = true;

  get(name: string): Resource | undefined {
    return this.rows.get(name);
  }

  earlier(name: string, version: string): Resource | undefined {
    return this.replaced.get(name)?.get(version);
  }

  keep(old: Resource): void {
    const versions = this.replaced.get(old.name) ?? new Map<string, Resource>();
    this.replaced.set(old.name, versions.set(old.version, old));
  }

  names(): Iterable<string> {
    return this.rows.keys();
  }

  complete(): boolean {
    return this.known;
  }
}

export class TableView implements View {
  readonly #sources = new Map<TypeUrl, TableSource>();
  readonly #remembers: boolean;
  readonly #watchers = new Set<ViewListener>();

  /** `remembers`: what was replaced can still be asked for, without bound. */
  constructor(types: Iterable<TypeUrl>, remembers = false) {
    this.#remembers = remembers;
    for (const type of types) this.#sources.set(type, new TableSource());
  }

  source(type: TypeUrl): Source | undefined {
    return this.#sources.get(type);
  }

  watch(on: ViewListener): () => void {
    this.#watchers.add(on);
    return () => this.#watchers.delete(on);
  }

  /** Changes resources, undefined removes one, and says whether all names are known; then tells the watchers. */
  change(changes: Changes, complete = true): void {
    const changed = new Map<TypeUrl, string[]>();
    for (const [type, rows] of changes) {
      const source = this.#sources.get(type)!;
      for (const [name, resource] of rows) {
        const old = source.rows.get(name);
        if (this.#remembers && old !== undefined && old.version !== resource?.version) source.keep(old);
        if (resource === undefined) source.rows.delete(name);
        else source.rows.set(name, resource);
      }
      changed.set(type, [...rows.keys()]);
    }
    const learned = complete && [...this.#sources.values()].some((source) => !source.known);
    for (const source of this.#sources.values()) source.known = complete;
    for (const on of this.#watchers) on(changed, learned);
  }
}
