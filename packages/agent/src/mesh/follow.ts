import { MESH_TYPE } from "@carrick/core/translate/mesh";
import {
  connectDelta,
  type DeltaClient,
  type DeltaClientEvent,
  type DeltaClientOptions,
  type Update,
  WILDCARD,
} from "@carrick/xds";
import type { NodeTables } from "./node-tables.ts";

export interface FollowOptions extends Pick<DeltaClientOptions, "servers" | "domain" | "tls" | "nodeId" | "clock"> {
  /** The node's own cluster: only its controllers are believed. */
  readonly cluster: string;
  readonly tables: NodeTables;
  /** The tables have changed, or are in step again. */
  readonly onChange?: () => void;
  readonly on?: (event: DeltaClientEvent) => void;
  /** Something in an update was wrong, so that nothing of it was taken: what, by the resources' names. */
  readonly onRefused?: (sentence: string) => void;
}

export interface Following {
  /** Everything was taken that the controller had when the present stream began. */
  readonly inStep: boolean;
  close(): void;
}

/** Keeps the tables of a node in step with the controllers of its cluster, over one stream to any of them. */
export function follow(options: FollowOptions): Following {
  return new Follower(options);
}

class Follower implements Following {
  readonly #options: FollowOptions;
  readonly #client: DeltaClient;
  /** The mark that was asked for last: it comes after everything that was there then. */
  #mark = 0;
  #inStep = false;

  constructor(options: FollowOptions) {
    this.#options = options;
    const { servers, domain, cluster, tls, nodeId, clock } = options;
    this.#client = connectDelta({
      servers,
      domain,
      cluster,
      tls,
      ...(nodeId !== undefined && { nodeId }),
      ...(clock !== undefined && { clock }),
      apply: (update) => this.#apply(update),
      on: (event) => this.#event(event),
    });
    for (const type of [MESH_TYPE.cluster, MESH_TYPE.service, MESH_TYPE.slice, MESH_TYPE.knowledge]) {
      this.#client.subscribe(type, [WILDCARD]);
    }
    this.#client.subscribe(MESH_TYPE.sync, [String(this.#mark)]);
  }

  get inStep(): boolean {
    return this.#inStep;
  }

  close(): void {
    this.#client.close();
  }

  #apply(update: Update): string | undefined {
    const { tables, onChange, onRefused } = this.#options;
    if (update.type !== MESH_TYPE.sync) {
      const refused = tables.take(update);
      if (refused === undefined) onChange?.();
      else onRefused?.(refused);
      // What is promised is known when everything has come that was there by now.
      if (update.type === MESH_TYPE.knowledge && tables.hasPromises) this.#ask();
      return refused;
    }
    if (!update.resources.some(({ name }) => name === String(this.#mark))) return undefined;
    tables.inStep();
    this.#inStep = true;
    onChange?.();
    return undefined;
  }

  #event(event: DeltaClientEvent): void {
    if (event.kind === "disconnected") {
      this.#inStep = false;
      this.#ask();
    }
    this.#options.on?.(event);
  }

  #ask(): void {
    const before = String(this.#mark);
    this.#mark++;
    this.#client.unsubscribe(MESH_TYPE.sync, [before]);
    this.#client.subscribe(MESH_TYPE.sync, [String(this.#mark)]);
  }
}
