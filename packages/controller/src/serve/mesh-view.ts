import { create, toBinary } from "@bufbuild/protobuf";
import { type ClusterName, type Kind, sourceByCluster, sourceKey, type Tables } from "@carrick/core/model";
import type { Table } from "@carrick/core/store";
import type { ResourceRow } from "@carrick/core/translate";
import { MESH_TYPE, type MeshResources } from "@carrick/core/translate/mesh";
import { KnowledgeSchema } from "@carrick/proto/carrick/mesh/v1/mesh_pb.js";
import type { Resource, Source, TypeUrl, View, ViewListener } from "@carrick/xds/protocol";
import type { World } from "../world/world.ts";

/** What has to be told before all that a cluster has for the mesh is known. */
const KINDS: readonly Kind[] = ["Cluster", "Service", "EndpointSlice"];

/** It is there for whoever asks, under any name: that it comes is all that it says. */
const SYNC: Source = {
  get: (name) => ({ name, version: "1", body: new Uint8Array() }),
  names: () => [],
  complete: () => true,
};

/** What nodes or peers may see, shared by all of their streams. */
export class MeshView implements View {
  readonly #tables: Tables;
  readonly #sources = new Map<TypeUrl, Source>([[MESH_TYPE.sync, SYNC]]);
  readonly #listeners = new Set<ViewListener>();
  readonly #known = new Map<ClusterName, Resource>();
  #changed = new Map<TypeUrl, string[]>();
  #learned = false;

  constructor(world: World, resources: MeshResources) {
    this.#tables = world.tables;
    for (const [type, table] of resources) {
      this.#sources.set(type, {
        get: (name) => table.get(name),
        names: () => keys(table),
        complete: (name) => name !== undefined && this.#knows(clusterOf(name)),
      });
      world.store.sink<ResourceRow>(table, (changes) => {
        for (const { key } of changes) this.#note(type, key);
      });
    }
    this.#sources.set(MESH_TYPE.knowledge, {
      get: (name) => this.#known.get(name),
      names: () => this.#known.keys(),
      complete: () => true,
    });
    world.store.sink(world.tables.sources, (changes) => {
      for (const cluster of new Set(changes.map(({ old, new: now }) => (now ?? old)!.cluster))) this.#learn(cluster);
    });
    for (const [, { cluster }] of world.tables.sources.entries()) this.#learn(cluster);
    world.observe(() => this.#tell());
  }

  source(type: TypeUrl): Source | undefined {
    return this.#sources.get(type);
  }

  watch(on: ViewListener): () => void {
    this.#listeners.add(on);
    return () => this.#listeners.delete(on);
  }

  #knows(cluster: ClusterName): boolean {
    return KINDS.every((kind) => this.#tables.sources.get(sourceKey(cluster, kind))?.known === true);
  }

  #learn(cluster: ClusterName): void {
    const exists = this.#tables.sources.by(sourceByCluster, cluster).length > 0;
    const known = this.#knows(cluster);
    const before = this.#known.get(cluster)?.version;
    if (!exists) this.#known.delete(cluster);
    else if (before !== String(known)) {
      const body = toBinary(KnowledgeSchema, create(KnowledgeSchema, { cluster, known }));
      this.#known.set(cluster, { name: cluster, version: String(known), body });
      this.#learned ||= known;
    } else return;
    this.#note(MESH_TYPE.knowledge, cluster);
  }

  #note(type: TypeUrl, name: string): void {
    const names = this.#changed.get(type) ?? [];
    names.push(name);
    this.#changed.set(type, names);
  }

  #tell(): void {
    if (this.#changed.size === 0) return;
    const [changed, learned] = [this.#changed, this.#learned];
    this.#changed = new Map();
    this.#learned = false;
    for (const listener of this.#listeners) listener(changed, learned);
  }
}

function clusterOf(name: string): ClusterName {
  const slash = name.indexOf("/");
  return slash < 0 ? name : name.slice(0, slash);
}

function* keys(table: Table<unknown>): Generator<string> {
  for (const [key] of table.entries()) yield key;
}
