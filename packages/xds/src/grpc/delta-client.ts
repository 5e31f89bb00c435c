/** A delta ADS client: agents and peers use it. It holds what it took over reconnects, which cost only differences. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
} from "@carrick/proto/envoy/service/discovery/v3/discovery_pb.js";
import type { TypeUrl } from "../protocol/index.ts";
import { backoff } from "./backoff.ts";
import { systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { DELTA_ADS } from "./delta-ads.ts";
import { dialGrpc } from "./grpc-dial.ts";
import { HeldType } from "./held-type.ts";
import type { Update } from "./held-type.ts";
import type { MessageStream, StreamListener } from "./message-stream.ts";
import type { ListenAddress } from "./tls-listener.ts";
import type { TlsMaterial } from "./tls-material.ts";

export interface DeltaClientOptions {
  /** Replicas that serve the same; the next is tried after each end. At least one. */
  readonly servers: readonly ListenAddress[];
  /** Trust domain; the server's certificate must name a controller of it. */
  readonly domain: string;
  /** The cluster whose controllers the servers must be; any when not given. */
  readonly cluster?: string;
  /** Asked at each connection. */
  readonly tls: () => TlsMaterial;
  /** Takes an update, or says in one sentence why not: it is then refused, and nothing of it is held. */
  readonly apply: (update: Update) => string | undefined;
  /** Said to the server for its logs; decides nothing. */
  readonly nodeId?: string;
  readonly backoff?: { readonly minMs: number; readonly maxMs: number };
  readonly messageBytes?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly on?: (event: DeltaClientEvent) => void;
}

export type DeltaClientEvent =
  /** The server's first response on a stream came. */
  | { readonly kind: "connected"; readonly server: ListenAddress }
  | {
      readonly kind: "disconnected";
      readonly server: ListenAddress;
      readonly message: string;
      readonly retryInMs: number;
    };

export interface DeltaClient {
  /** Whether the server has answered on the present stream. */
  readonly connected: boolean;
  /** `*`: all names. Names that are subscribed to already are left alone. */
  subscribe(type: TypeUrl, names: Iterable<string>): void;
  /** What is no longer wanted is no longer held. */
  unsubscribe(type: TypeUrl, names: Iterable<string>): void;
  /** Versions by name. */
  held(type: TypeUrl): ReadonlyMap<string, string>;
  close(): void;
}

const BACKOFF = { minMs: 100, maxMs: 5000 };
const KEEPALIVE = { everyMs: 30_000, timeoutMs: 10_000 };
const MESSAGE_BYTES = 16 * 1024 * 1024;

/** Connects, and again whenever the stream ends. Throws `XdsError` when the first TLS material is not usable. */
export function connectDelta(options: DeltaClientOptions): DeltaClient {
  return new Connecting(options);
}

interface Said {
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  readonly initialVersions?: Record<string, string>;
  readonly nonce?: string;
  readonly error?: string;
}

class Connecting implements DeltaClient {
  readonly #options: DeltaClientOptions;
  readonly #clock: Clock;
  readonly #types = new Map<TypeUrl, HeldType>();
  /** Types that were spoken of on the present stream. */
  #opened = new Set<TypeUrl>();
  #stream: MessageStream | undefined;
  #attempts = 0;
  #failures = 0;
  #connected = false;
  #closed = false;
  #cancelRetry: (() => void) | undefined;

  constructor(options: DeltaClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#dial();
  }

  get connected(): boolean {
    return this.#connected;
  }

  subscribe(type: TypeUrl, names: Iterable<string>): void {
    const known = this.#types.get(type) ?? new HeldType();
    this.#types.set(type, known);
    const change = known.subscribe(names);
    if (this.#opened.has(type)) {
      if (change !== undefined) this.#say(type, change);
    } else this.#open(type, known);
  }

  unsubscribe(type: TypeUrl, names: Iterable<string>): void {
    const change = this.#types.get(type)?.unsubscribe(names);
    if (change !== undefined && this.#opened.has(type)) this.#say(type, change);
  }

  held(type: TypeUrl): ReadonlyMap<string, string> {
    return this.#types.get(type)?.held ?? new Map<string, string>();
  }

  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#stream?.close("OK", "the client was closed");
  }

  #dial(): void {
    const { servers, domain, cluster, tls, messageBytes = MESSAGE_BYTES } = this.#options;
    const server = servers[this.#attempts++ % servers.length]!;
    const listener: StreamListener = {
      message: (bytes) => this.#message(server, bytes),
      drained: () => {},
      ended: ({ message }) => this.#ended(server, message),
    };
    this.#opened = new Set();
    this.#stream = dialGrpc(
      { server, method: DELTA_ADS, domain, cluster, tls: tls(), messageBytes, keepalive: KEEPALIVE },
      listener,
    );
    for (const [type, known] of this.#types) this.#open(type, known);
  }

  #open(type: TypeUrl, known: HeldType): void {
    const opening = known.opening();
    // A first request without names would ask for everything.
    if (this.#stream === undefined || opening.subscribe.length === 0) return;
    const { nodeId } = this.#options;
    const node = this.#opened.size === 0 && nodeId !== undefined ? nodeId : undefined;
    this.#opened.add(type);
    this.#say(type, opening, node);
  }

  #say(type: TypeUrl, said: Said, nodeId?: string): void {
    const request = create(DeltaDiscoveryRequestSchema, {
      typeUrl: type,
      resourceNamesSubscribe: [...(said.subscribe ?? [])],
      resourceNamesUnsubscribe: [...(said.unsubscribe ?? [])],
      initialResourceVersions: said.initialVersions ?? {},
      responseNonce: said.nonce ?? "",
      ...(nodeId === undefined ? {} : { node: { id: nodeId } }),
      // Code 3: INVALID_ARGUMENT.
      ...(said.error === undefined ? {} : { errorDetail: { code: 3, message: said.error } }),
    });
    this.#stream?.write(toBinary(DeltaDiscoveryRequestSchema, request));
  }

  #message(server: ListenAddress, bytes: Uint8Array): void {
    let response;
    try {
      response = fromBinary(DeltaDiscoveryResponseSchema, bytes);
    } catch {
      this.#stream?.close("INVALID_ARGUMENT", "the server sent no DeltaDiscoveryResponse");
      return;
    }
    if (!this.#connected) {
      this.#connected = true;
      this.#failures = 0;
      this.#options.on?.({ kind: "connected", server });
    }
    const update: Update = {
      type: response.typeUrl,
      // Copied: a slice would hold the whole message.
      resources: response.resources.map(({ name, version, resource }) => {
        return { name, version, body: resource?.value.slice() ?? new Uint8Array() };
      }),
      removed: response.removedResources,
    };
    const error = this.#options.apply(update);
    if (error === undefined) this.#types.get(update.type)?.take(update);
    this.#say(update.type, { nonce: response.nonce, ...(error === undefined ? {} : { error }) });
  }

  #ended(server: ListenAddress, message: string): void {
    this.#connected = false;
    this.#stream = undefined;
    this.#opened = new Set();
    if (this.#closed) return;
    const { on, random = Math.random, backoff: bounds = BACKOFF } = this.#options;
    const retryInMs = backoff(this.#failures++, bounds, random());
    on?.({ kind: "disconnected", server, message, retryInMs });
    this.#cancelRetry = this.#clock.after(retryInMs, () => this.#redial(server));
  }

  /** Material that cannot be used now may be usable at the next attempt. */
  #redial(server: ListenAddress): void {
    try {
      this.#dial();
    } catch (error) {
      this.#ended(server, error instanceof Error ? error.message : String(error));
    }
  }
}
