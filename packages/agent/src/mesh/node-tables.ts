import { clusterStates, type ClusterState } from "@carrick/core/derive";
import { type FrontendRow, frontends, type ImageRow, images } from "@carrick/core/derive/mesh";
import type { AddressRules } from "@carrick/core/ingest";
import { readClusterMessage, readServiceMessage, readSliceMessage, WrongMessage } from "@carrick/core/ingest/mesh";
import {
  type ClusterName,
  defineTables,
  type Kind,
  type ObjectKey,
  objectKey,
  serviceByAddress,
  sourceKey,
  type Tables,
} from "@carrick/core/model";
import { type Base, Store, type Table } from "@carrick/core/store";
import { MESH_TYPE } from "@carrick/core/translate/mesh";
import { fromBinary } from "@bufbuild/protobuf";
import { KnowledgeSchema } from "@carrick/proto/carrick/mesh/v1/mesh_pb.js";

/** What nodes are told of clusters. */
const KINDS = ["Cluster", "Service", "EndpointSlice"] as const satisfies readonly Kind[];

/** A response of a controller. */
export interface NodeUpdate {
  readonly type: string;
  readonly resources: readonly { readonly name: string; readonly body: Uint8Array }[];
  readonly removed: readonly string[];
}

/**
 * What a node knows of the mesh, and what follows for its kernel: the same tables and the same selection as in a
 * controller. What was known once stays known, whatever a controller that started again knows by now.
 */
export class NodeTables {
  readonly store = new Store();
  readonly frontends: Table<FrontendRow>;
  readonly images: Table<ImageRow>;
  readonly clusters: Table<ClusterState>;
  readonly #tables: Tables = defineTables(this.store, [serviceByAddress]);
  readonly #rules: AddressRules;
  /** Clusters of which the controller knows everything; their rows may still be on the way. */
  readonly #promised = new Set<ClusterName>();

  constructor(here: ClusterName, rules: AddressRules) {
    this.#rules = rules;
    this.clusters = clusterStates(this.store, this.#tables, "mesh");
    this.frontends = frontends(this.store, this.#tables, here);
    this.images = images(this.store, this.#tables, this.clusters, here);
    this.store.commit(() => this.#meet(here));
  }

  /** Takes an update as a whole, or says for each resource that is wrong why nothing of it was taken. */
  take({ type, resources, removed }: NodeUpdate): string | undefined {
    const wrong: string[] = [];
    const writes: (() => void)[] = [];
    for (const { name, body } of resources) {
      try {
        writes.push(this.#read(type, name, body));
      } catch (error) {
        if (!(error instanceof WrongMessage)) throw error;
        wrong.push(`${name}: ${error.message}`);
      }
    }
    if (wrong.length > 0) return wrong.join("; ");
    for (const name of removed) writes.push(this.#removal(type, name));
    this.store.commit(() => {
      for (const write of writes) write();
    });
    return undefined;
  }

  /** Whether the controller knows of clusters that are not known here: their rows are here once it is in step again. */
  get hasPromises(): boolean {
    return this.#promised.size > 0;
  }

  /** Everything has been taken that was told before: what was promised is known. */
  inStep(): void {
    this.store.commit(() => {
      for (const cluster of this.#promised) {
        for (const kind of KINDS) this.#tables.sources.set(sourceKey(cluster, kind), { cluster, kind, known: true });
      }
    });
    this.#promised.clear();
  }

  /** Whether everything of every cluster is known: only then is what the kernel has beyond it not needed. */
  get complete(): boolean {
    return [...this.clusters.entries()].every(([, { endpointsKnown }]) => endpointsKnown);
  }

  #read(type: string, name: string, body: Uint8Array): () => void {
    switch (type) {
      case MESH_TYPE.cluster:
        return this.#put(this.#tables.Cluster, objectKey(name, "", "self"), readClusterMessage(name, body));
      case MESH_TYPE.service:
        return this.#put(this.#tables.Service, name as ObjectKey, readServiceMessage(name, body, this.#rules));
      case MESH_TYPE.slice:
        return this.#put(this.#tables.EndpointSlice, name as ObjectKey, readSliceMessage(name, body, this.#rules));
      case MESH_TYPE.knowledge:
        return this.#knowledge(name, body);
      default:
        throw new WrongMessage(`is of type ${type}, which is not known here`);
    }
  }

  #put<T>(table: Base<T>, key: ObjectKey, row: T): () => void {
    return () => table.set(key, row);
  }

  #removal(type: string, name: string): () => void {
    switch (type) {
      case MESH_TYPE.cluster:
        return () => this.#tables.Cluster.delete(objectKey(name, "", "self"));
      case MESH_TYPE.service:
        return () => this.#tables.Service.delete(name);
      case MESH_TYPE.slice:
        return () => this.#tables.EndpointSlice.delete(name);
      case MESH_TYPE.knowledge:
        return () => this.#part(name);
      default:
        return () => undefined;
    }
  }

  #knowledge(name: string, body: Uint8Array): () => void {
    let known: boolean;
    try {
      ({ known } = fromBinary(KnowledgeSchema, body));
    } catch {
      throw new WrongMessage("is no Knowledge");
    }
    return () => {
      this.#meet(name);
      if (known && this.clusters.get(name)?.endpointsKnown !== true) this.#promised.add(name);
      else if (!known) this.#promised.delete(name);
    };
  }

  /** A cluster that is one of the mesh, of which nothing is known yet. */
  #meet(cluster: ClusterName): void {
    for (const kind of KINDS) {
      const key = sourceKey(cluster, kind);
      if (this.#tables.sources.get(key) === undefined) this.#tables.sources.set(key, { cluster, kind, known: false });
    }
  }

  /** It is one no more, by the word of the controller's configuration. */
  #part(cluster: ClusterName): void {
    this.#promised.delete(cluster);
    for (const kind of KINDS) this.#tables.sources.delete(sourceKey(cluster, kind));
  }
}
