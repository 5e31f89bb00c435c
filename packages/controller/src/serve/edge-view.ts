import { type Edge, type ResourceRow, TYPE } from "@carrick/core/translate";
import type { Source, TypeUrl, View, ViewListener } from "@carrick/xds/protocol";
import type { World } from "../world/world.ts";

const EARLIER_VERSIONS = 3;
const EARLIER_CLUSTERS = 1000;

/** What the Envoys of one fleet may see, shared by all of their streams. */
export class EdgeView implements View {
  readonly edge: Edge;
  readonly #sources: ReadonlyMap<TypeUrl, Source>;
  readonly #listeners = new Set<ViewListener>();
  /** Versions that clusters had before: an Envoy that refuses a new one is helped with the one that it holds. */
  readonly #earlier = new Map<string, ResourceRow[]>();
  #changed = new Map<TypeUrl, string[]>();
  #knownChanged = false;

  constructor(world: World, edge: Edge) {
    this.edge = edge;
    this.#sources = new Map(
      [...edge.types].map(([type, of]) => [
        type,
        {
          get: (name) => of.table.get(name),
          names: () => keys(of.table.entries()),
          earlier: (name, version) => this.#earlier.get(`${type} ${name}`)?.find((row) => row.version === version),
          complete: () => of.complete(),
        },
      ]),
    );
    for (const [type, { table }] of edge.types) {
      world.store.sink<ResourceRow>(table, (changes) => {
        const names = this.#changed.get(type) ?? [];
        for (const { key, old } of changes) {
          names.push(key);
          if (type === TYPE.cluster && old !== undefined) this.#remember(`${type} ${key}`, old);
        }
        this.#changed.set(type, names);
      });
    }
    world.store.sink(edge.known, () => {
      this.#knownChanged = true;
    });
    world.observe(() => this.#tell());
  }

  source(type: TypeUrl): Source | undefined {
    return this.#sources.get(type);
  }

  watch(on: ViewListener): () => void {
    this.#listeners.add(on);
    return () => this.#listeners.delete(on);
  }

  #remember(id: string, row: ResourceRow): void {
    const rows = this.#earlier.get(id) ?? [];
    this.#earlier.delete(id);
    this.#earlier.set(id, [row, ...rows].slice(0, EARLIER_VERSIONS));
    const oldest = this.#earlier.keys().next().value;
    if (this.#earlier.size > EARLIER_CLUSTERS && oldest !== undefined) this.#earlier.delete(oldest);
  }

  #tell(): void {
    if (this.#changed.size === 0 && !this.#knownChanged) return;
    const changed = this.#changed;
    const learned = this.#knownChanged;
    this.#changed = new Map();
    this.#knownChanged = false;
    for (const listener of this.#listeners) listener(changed, learned);
  }
}

function* keys(entries: Iterable<readonly [string, unknown]>): Generator<string> {
  for (const [key] of entries) yield key;
}
