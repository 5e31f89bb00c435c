import type { AddressRules } from "@carrick/core/ingest";
import type { Kind } from "@carrick/core/model";
import { MESH_TYPE } from "@carrick/core/translate/mesh";
import {
  connectDelta,
  type DeltaClient,
  type DeltaClientEvent,
  type ListenAddress,
  type TlsMaterial,
  type Update,
  WILDCARD,
} from "@carrick/xds";
import type { Range } from "../config/ranges.ts";
import type { RowWriter } from "../sources/kind-writer.ts";
import type { KindState, Source } from "../sources/source.ts";
import type { Writers } from "../sources/writers.ts";
import { type PeerRules, readUpdate } from "./read-update.ts";

/** What a peer tells of itself. */
export const PEER_KINDS = ["Cluster", "Service", "EndpointSlice"] as const satisfies readonly Kind[];

export interface PeerSourceOptions {
  readonly cluster: string;
  /** The peer's controllers. */
  readonly servers: readonly ListenAddress[];
  /** Where its endpoints may be. */
  readonly podRanges: readonly Range[];
  readonly domain: string;
  readonly tls: () => TlsMaterial;
  readonly writers: Writers<(typeof PEER_KINDS)[number]>;
  readonly rules: AddressRules;
  readonly replica: string;
  /** Something about the source may have changed. */
  readonly onState: () => void;
}

/** Times are milliseconds since 1970. */
export interface PeerState {
  /** Of the present stream; absent while there is none. */
  readonly connectedAt?: number;
  readonly heardAt?: number;
  readonly error?: string;
  /** Resources that are not believed. */
  readonly refused: number;
}

const MOST_PROBLEMS = 20;

/** Imports what another cluster's controllers export, over one stream to any of them. */
export class PeerSource implements Source {
  readonly cluster: string;
  readonly from: string;
  readonly settled: Promise<void>;
  readonly #options: PeerSourceOptions;
  readonly #rules: PeerRules;
  readonly #client: DeltaClient;
  readonly #settle: () => void;
  /** Everything that was there when the stream began has been told on it. */
  #synced = false;
  /** Counts streams: each asks for a mark of its own. */
  #streams = 0;
  #connectedAt: number | undefined;
  #heardAt: number | undefined;
  #error: string | undefined;
  readonly #refused = new Map<string, string>();

  constructor(options: PeerSourceOptions) {
    const { cluster, servers, podRanges, domain, tls, rules, replica } = options;
    this.#options = options;
    this.cluster = cluster;
    this.from = servers
      .map(({ address, port }) => (address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`))
      .join(", ");
    this.#rules = { ...rules, cluster, podRanges };
    const { promise, resolve } = Promise.withResolvers<void>();
    this.settled = promise;
    this.#settle = resolve;
    this.#client = connectDelta({
      servers,
      domain,
      cluster,
      tls,
      nodeId: replica,
      apply: (update) => this.#apply(update),
      on: (event) => this.#event(event),
    });
    for (const type of [MESH_TYPE.cluster, MESH_TYPE.service, MESH_TYPE.slice])
      this.#client.subscribe(type, [WILDCARD]);
    this.#client.subscribe(MESH_TYPE.sync, [this.#mark]);
  }

  secretsSettled(): Promise<void> {
    return this.settled;
  }

  kinds(): KindState[] {
    const { writers } = this.#options;
    return PEER_KINDS.map((kind): KindState => {
      const writer: RowWriter<never> = writers[kind];
      return {
        kind,
        known: writer.known,
        watching: this.#synced && this.#client.connected,
        absent: false,
        fromCopy: writer.fromCopy,
        ...(this.#heardAt !== undefined && { heardAt: this.#heardAt }),
        ...(this.#error !== undefined && { error: this.#error }),
      };
    });
  }

  problems(): string[] {
    return [...this.#refused.values()].slice(0, MOST_PROBLEMS).map((sentence) => `refused: ${sentence}`);
  }

  /** Of what the stream brings. */
  state(): PeerState {
    return {
      refused: this.#refused.size,
      ...(this.#connectedAt !== undefined && { connectedAt: this.#connectedAt }),
      ...(this.#heardAt !== undefined && { heardAt: this.#heardAt }),
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }

  wantSecrets(): void {}

  stop(): void {
    this.#client.close();
  }

  get #mark(): string {
    return String(this.#streams);
  }

  /** The client's verdict: undefined, or why nothing of the update is taken. */
  #apply(update: Update): string | undefined {
    this.#heardAt = Date.now();
    if (update.type === MESH_TYPE.sync) {
      if (update.resources.some(({ name }) => name === this.#mark)) this.#sync();
      return undefined;
    }
    const read = readUpdate(update, this.#rules);
    if ("refused" in read) {
      for (const [name, sentence] of read.refused) this.#refused.set(`${update.type} ${name}`, sentence);
      this.#options.onState();
      return [...read.refused.values()].join("; ");
    }
    for (const name of [...update.resources.map((resource) => resource.name), ...update.removed]) {
      this.#refused.delete(`${update.type} ${name}`);
    }
    const { writers } = this.#options;
    const { Cluster, Service, EndpointSlice } = read.changes;
    if (Cluster.length > 0) writers.Cluster.apply(Cluster);
    if (Service.length > 0) writers.Service.apply(Service);
    if (EndpointSlice.length > 0) writers.EndpointSlice.apply(EndpointSlice);
    return undefined;
  }

  #sync(): void {
    this.#synced = true;
    this.#error = undefined;
    for (const kind of PEER_KINDS) this.#options.writers[kind].synced();
    this.#settle();
    this.#options.onState();
  }

  #event(event: DeltaClientEvent): void {
    this.#connectedAt = event.kind === "connected" ? Date.now() : undefined;
    if (event.kind === "disconnected") {
      this.#synced = false;
      this.#error = event.message;
      const before = this.#mark;
      this.#streams++;
      this.#client.unsubscribe(MESH_TYPE.sync, [before]);
      this.#client.subscribe(MESH_TYPE.sync, [this.#mark]);
      // The others need not wait for it.
      this.#settle();
    }
    this.#options.onState();
  }
}
