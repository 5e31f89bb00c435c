/**
 * A model of Envoy as a delta ADS client, as measured on Envoy 1.40: wildcard listeners and clusters, all else by
 * reference; warming; what it refuses, and how. It records damage: moments in which traffic would have suffered.
 */
import {
  CLUSTER,
  type DeltaRequest,
  type DeltaResponse,
  ENDPOINTS,
  LISTENER,
  type Resource,
  ROUTES,
  SCOPED_ROUTES,
  SECRET,
  type TypeUrl,
} from "@carrick/xds/protocol";
import { ClusterModel } from "./cluster-model.ts";
import { DeltaClient } from "./delta-client.ts";
import { type Meaning, meaningOf } from "./meaning.ts";

/** A listener that has not got its routes after this time opens without. */
const ROUTES_TIMEOUT_MS = 15_000;
/** The order in which types are opened on a new stream. */
const TYPES: readonly TypeUrl[] = [CLUSTER, ENDPOINTS, LISTENER, SCOPED_ROUTES, ROUTES, SECRET];
const WILDCARD: ReadonlySet<TypeUrl> = new Set([CLUSTER, LISTENER, SCOPED_ROUTES]);

export type Damage =
  /** A table that is served routes to a cluster that does not serve: 503. */
  | { readonly kind: "missing cluster"; readonly name: string; readonly table: string }
  /** A listener opened without its routes: 404. */
  | { readonly kind: "no routes"; readonly name: string; readonly table: string }
  /** A listener that serves points at a scope that is not there, or whose table is not: 404. */
  | { readonly kind: "no scope"; readonly name: string; readonly table: string }
  /** A cluster that serves lost its last endpoint. */
  | { readonly kind: "emptied"; readonly name: string };

interface Live {
  readonly resource: Resource;
  readonly meaning: Meaning;
}

interface Opening extends Live {
  readonly since: number;
  /** It came when the scopes were not there yet. */
  readonly early: boolean;
}

export class EnvoyModel {
  readonly clusters = new ClusterModel();
  readonly damage: Damage[] = [];
  /** Requests that are to be sent, oldest first. */
  readonly outbox: { readonly type: TypeUrl; readonly request: DeltaRequest }[] = [];
  readonly #types = new Map<TypeUrl, DeltaClient>();
  readonly #listeners = new Map<string, Live>();
  readonly #opening = new Map<string, Opening>();
  readonly #scopes = new Map<string, Live>();
  readonly #tables = new Map<string, Live>();
  readonly #secrets = new Map<string, Live>();
  readonly #endpoints = new Map<string, Live>();
  #missing = new Set<string>();
  /**
   * All listeners share the scopes. `none`: none uses any; the versions that were once taken are remembered all the
   * same. `asked`: a listener warms until they and their tables come. `loaded`: another one serves with them at once.
   */
  #scoping: "none" | "asked" | "loaded" = "none";
  #scopesCame = false;
  #connected = false;
  /** It has not asked for clusters on this stream yet. */
  #owesClusters = false;
  #clustersCame = false;

  /** Opens a stream: each type that was in use tells what it holds. */
  connect(): void {
    this.#connected = true;
    this.#client(CLUSTER);
    for (const type of TYPES) {
      const client = this.#types.get(type);
      if (type === CLUSTER) this.#owesClusters = true;
      else if (client !== undefined && (WILDCARD.has(type) || client.names.size > 0)) this.#send(type, client.open());
      this.#tellClusters();
    }
  }

  disconnect(): void {
    this.#connected = false;
    this.outbox.length = 0;
    this.clusters.disconnect();
  }

  receive(response: DeltaResponse, now: number): void {
    if (response.type === CLUSTER) this.#receiveClusters(response, now);
    else {
      const answer = this.#answer(response, this.#apply(response, now));
      // What a new listener names is asked for before the answer.
      if (response.type === LISTENER) this.#settle();
      this.#send(response.type, answer);
    }
    this.#settle();
  }

  /** When it gives up waiting for something next. Infinity when it waits for nothing. */
  get givesUpAt(): number {
    const listeners = [...this.#opening.values()].map(({ since }) => since + ROUTES_TIMEOUT_MS);
    return Math.min(this.clusters.givesUpAt, ...listeners);
  }

  tick(now: number): void {
    this.clusters.tick(now);
    for (const [name, listener] of this.#opening) {
      if (now < listener.since + ROUTES_TIMEOUT_MS) continue;
      const { tables = [] } = listener.meaning;
      const missing = tables.filter((table) => !this.#tables.has(table));
      for (const table of missing) this.damage.push({ kind: "no routes", name, table });
      this.#open(name, listener);
    }
    this.#settle();
  }

  /** Versions that it lives by, whatever it reports. */
  live(type: TypeUrl): ReadonlyMap<string, string> {
    if (type === CLUSTER) return this.clusters.active;
    return new Map([...this.#store(type)].map(([name, { resource }]) => [name, resource.version]));
  }

  /** Versions that it reports when it connects again. Parts of a refused response may be live all the same. */
  reported(type: TypeUrl): ReadonlyMap<string, string> {
    return this.#types.get(type)?.versions ?? new Map();
  }

  /** Whether it asked for the resource, by name or by asking for all. */
  wants(type: TypeUrl, name: string): boolean {
    if (type === SCOPED_ROUTES && this.#scoping === "none") return false;
    const client = this.#types.get(type);
    return client !== undefined && (WILDCARD.has(type) || client.names.has(name));
  }

  /** What it asked for by name. */
  names(type: TypeUrl): ReadonlySet<string> {
    return this.#types.get(type)?.names ?? new Set();
  }

  #client(type: TypeUrl): DeltaClient {
    let client = this.#types.get(type);
    if (client === undefined) this.#types.set(type, (client = new DeltaClient(WILDCARD.has(type))));
    return client;
  }

  #store(type: TypeUrl): Map<string, Live> {
    if (type === LISTENER) return this.#listeners;
    if (type === SCOPED_ROUTES) return this.#scopes;
    if (type === ROUTES) return this.#tables;
    return type === SECRET ? this.#secrets : this.#endpoints;
  }

  #send(type: TypeUrl, request: DeltaRequest): void {
    if (this.#connected) this.outbox.push({ type, request });
  }

  #answer(response: DeltaResponse, error: string | undefined): DeltaRequest {
    if (error !== undefined) return { nonce: response.nonce, error };
    this.#client(response.type).took(response);
    return { nonce: response.nonce };
  }

  #receiveClusters(response: DeltaResponse, now: number): void {
    this.#clustersCame = true;
    const { ok, added, removed } = this.clusters.take(response, now);
    if (ok) this.#client(CLUSTER).took(response);
    const endpoints = this.#client(ENDPOINTS);
    for (const name of removed) {
      endpoints.unsubscribe(name);
      this.#endpoints.delete(name);
    }
    // Only a new cluster asks for its endpoints; a modified one waits for them in silence.
    for (const name of added) endpoints.subscribe(name);
  }

  /** Applies a response of any type but clusters. Gives the refusal, if any. */
  #apply({ type, resources, removed }: DeltaResponse, now: number): string | undefined {
    const invalid = resources.filter((resource) => meaningOf(resource).bad === "format").map(({ name }) => name);
    if (invalid.length > 0) return `Proto constraint validation failed (ValidationError): name: "${invalid.join()}"`;
    if (type === SCOPED_ROUTES) {
      if (this.#scoping === "none") return undefined;
      this.#scopesCame = true;
    }
    const refused: string[] = [];
    for (const resource of resources) {
      const meaning = meaningOf(resource);
      if (meaning.bad !== undefined) refused.push(resource.name);
      // After a refused assignment or secret, the rest of the response is not looked at.
      else if (refused.length === 0 || (type !== ENDPOINTS && type !== SECRET))
        this.#applyOne(type, resource, meaning, now);
    }
    if (type === LISTENER || type === SCOPED_ROUTES) {
      for (const name of removed) {
        this.#store(type).delete(name);
        if (type === LISTENER) this.#opening.delete(name);
      }
    }
    // Removals of tables and secrets that are in use are ignored; that of an assignment only ends warming.
    if (type === ENDPOINTS) {
      for (const name of removed) if (this.#client(type).names.has(name)) this.clusters.assign(name, undefined);
    }
    return refused.length === 0 ? undefined : `Error adding/updating ${refused.join(", ")}: refused`;
  }

  #applyOne(type: TypeUrl, resource: Resource, meaning: Meaning, now: number): void {
    const { name } = resource;
    if (type === LISTENER) {
      if (this.#listeners.get(name)?.resource.version === resource.version) this.#opening.delete(name);
      else this.#opening.set(name, { resource, meaning, since: now, early: this.#scoping !== "loaded" });
      return;
    }
    if (!WILDCARD.has(type) && !this.#client(type).names.has(name)) return;
    this.#store(type).set(name, { resource, meaning });
    if (type !== ENDPOINTS) return;
    const { endpoints = [] } = meaning;
    const before = this.clusters.active.has(name) ? this.clusters.assignments.get(name) : undefined;
    if (endpoints.length === 0 && (before?.length ?? 0) > 0) this.damage.push({ kind: "emptied", name });
    this.clusters.assign(name, endpoints);
  }

  /** What follows from the new state: open listeners, references, answers, damage. */
  #settle(): void {
    for (const [name, listener] of this.#opening) {
      if (!this.#isWarm(listener)) continue;
      const { scopes } = listener.meaning;
      // What is gone when the scopes come was never served by it.
      const there = listener.early ? scopes?.filter((scope) => this.#scopes.has(scope)) : scopes;
      this.#open(name, { ...listener, meaning: { ...listener.meaning, ...(there && { scopes: there }) } });
    }
    // Listeners are asked for once the first clusters are there.
    if (!this.#types.has(LISTENER) && this.#clustersCame && !this.clusters.warms) {
      this.#send(LISTENER, this.#client(LISTENER).open());
    }
    this.#follow();
    this.#tellClusters();
    for (const { nonce, error } of this.clusters.answers()) {
      this.#send(CLUSTER, error === undefined ? { nonce } : { nonce, error });
    }
    this.#look();
  }

  #tellClusters(): void {
    if (!this.#owesClusters || this.clusters.silent) return;
    this.#owesClusters = false;
    this.#send(CLUSTER, this.#client(CLUSTER).open());
  }

  #isWarm({ meaning: { tables = [], secrets = [], scopes } }: Live): boolean {
    const scoped =
      this.#scopesCame && [...this.#scopes.values()].every(({ meaning }) => this.#tables.has(meaning.table!));
    return (
      tables.every((table) => this.#tables.has(table)) &&
      secrets.every((secret) => this.#secrets.has(secret)) &&
      (scopes === undefined || this.#scoping === "loaded" || scoped)
    );
  }

  #open(name: string, listener: Live): void {
    this.#opening.delete(name);
    this.#listeners.set(name, listener);
    if (listener.meaning.scopes !== undefined) this.#scoping = "loaded";
  }

  /** Subscribes to what is named, and to nothing else. */
  #follow(): void {
    const listeners = [...this.#listeners.values(), ...this.#opening.values()].map(({ meaning }) => meaning);
    if (!listeners.some(({ scopes }) => scopes !== undefined)) {
      this.#scoping = "none";
      this.#scopesCame = false;
      this.#scopes.clear();
    } else if (this.#scoping === "none") {
      this.#scoping = "asked";
      // What it once subscribed to it does not ask for again.
      if (!this.#types.has(SCOPED_ROUTES)) this.#send(SCOPED_ROUTES, this.#client(SCOPED_ROUTES).open());
    }
    const scopes = [...this.#scopes.values()].map(({ meaning }) => meaning.table!);
    this.#name(ROUTES, new Set([...listeners.flatMap(({ tables = [] }) => tables), ...scopes]));
    this.#name(SECRET, new Set(listeners.flatMap(({ secrets = [] }) => secrets)));
    this.#ask(ENDPOINTS);
  }

  #name(type: TypeUrl, wanted: ReadonlySet<string>): void {
    if (wanted.size === 0 && !this.#types.has(type)) return;
    const client = this.#client(type);
    for (const name of client.names) {
      if (wanted.has(name)) continue;
      client.unsubscribe(name);
      this.#store(type).delete(name);
    }
    for (const name of wanted) if (!client.names.has(name)) client.subscribe(name);
    this.#ask(type);
  }

  #ask(type: TypeUrl): void {
    const request = this.#types.get(type)?.changes();
    if (request !== undefined) this.#send(type, request);
  }

  /** Damage is a moment: what is missing now and was not before. */
  #look(): void {
    const before = this.#missing;
    this.#missing = new Set();
    const miss = (damage: Damage & { readonly table: string }): void => {
      const key = `${damage.kind} ${damage.name} ${damage.table}`;
      this.#missing.add(key);
      if (!before.has(key)) this.damage.push(damage);
    };
    for (const [name, { meaning }] of this.#listeners) {
      const { tables = [], scopes = [] } = meaning;
      const served = scopes.map((scope) => this.#scopes.get(scope)?.meaning.table);
      for (const [i, table] of served.entries()) {
        if (table === undefined || !this.#tables.has(table)) miss({ kind: "no scope", name, table: scopes[i]! });
      }
      for (const table of [...tables, ...served]) {
        for (const cluster of this.#tables.get(table ?? "")?.meaning.clusters ?? []) {
          if (!this.clusters.active.has(cluster)) miss({ kind: "missing cluster", name: cluster, table: table! });
        }
      }
    }
  }
}
