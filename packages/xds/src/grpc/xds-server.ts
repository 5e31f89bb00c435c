/** The delta ADS server: who may open a stream, how many, and what is kept when one ends. */
import { DEFAULT_LIMITS, Sequencer } from "../protocol/index.ts";
import type { SequencerOptions, View } from "../protocol/index.ts";
import { systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { DeltaStream } from "./delta-stream.ts";
import type { StreamState } from "./delta-stream.ts";
import { DELTA_ADS } from "./delta-ads.ts";
import { listenGrpc } from "./grpc-listener.ts";
import type { GrpcLimits } from "./grpc-listener.ts";
import { Leftovers } from "./leftovers.ts";
import type { AcceptedStream, StreamListener, StreamStatus } from "./message-stream.ts";
import { peerOfCertificate } from "./peer-name.ts";
import type { Peer, Refused } from "./peer-name.ts";
import type { ListenAddress } from "./tls-listener.ts";
import type { TlsMaterial } from "./tls-material.ts";
import type { XdsEvent } from "./xds-event.ts";

export interface ServerLimits extends GrpcLimits {
  readonly streams: number;
  readonly streamsPerPeer: number;
  /** A client that answers nothing, or reads nothing, for this long is ended; it resumes. */
  readonly unansweredMs: number;
  /** A connection lives a random time between these, so that clients spread over replicas again after one was away. */
  readonly age: { readonly minMs: number; readonly maxMs: number };
  /** Names over all clients that may have been left behind in them; see `Sequencer.leftovers`. */
  readonly leftoverNames: number;
}

export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  streams: 2000,
  streamsPerPeer: 16,
  requestBytes: 16 * 1024 * 1024,
  queuedBytes: 256 * 1024,
  streamsPerConnection: 16,
  keepalive: { everyMs: 30_000, timeoutMs: 10_000 },
  unansweredMs: 60_000,
  age: { minMs: 30 * 60_000, maxMs: 60 * 60_000 },
  leftoverNames: 100_000,
};

export interface XdsServerOptions {
  readonly listen: ListenAddress;
  /** Trust domain: certificates must name `spiffe://<domain>/…`. */
  readonly domain: string;
  /** Asked at each new connection, so renewed material needs no restart. The same object again costs nothing. */
  readonly tls: () => TlsMaterial;
  /** What a peer may see; or one sentence why it may see nothing. */
  readonly view: (peer: Peer) => View | Refused;
  readonly sequencer?: Omit<SequencerOptions, "leftovers">;
  readonly limits?: Partial<ServerLimits>;
  readonly clock?: Clock;
  /** From 0 to below 1. */
  readonly random?: () => number;
  /** For logs and metrics; must not throw. */
  readonly on?: (event: XdsEvent) => void;
}

export interface XdsServer {
  readonly address: ListenAddress;
  streams(): StreamState[];
  /** Takes no more connections and ends all streams; after `graceMs` connections are cut. Resolves when all ended. */
  close(graceMs: number): Promise<void>;
}

/** Throws `XdsError` when the certificate, its key or the authority is not usable or the address is taken. */
export async function startXdsServer(options: XdsServerOptions): Promise<XdsServer> {
  const limits = { ...DEFAULT_SERVER_LIMITS, ...options.limits };
  const { clock = systemClock, random = Math.random, on = () => {} } = options;
  const admission = new Admission(options, limits, clock, on);
  const listener = await listenGrpc({
    method: DELTA_ADS,
    listen: options.listen,
    tls: options.tls,
    // Some that have a certificate but no stream, and some that are still in the handshake.
    connections: limits.streams * 2,
    limits,
    clock,
    age: () => limits.age.minMs + random() * (limits.age.maxMs - limits.age.minMs),
    accept: (stream) => admission.accept(stream),
    refused: (remote, message) => on({ kind: "handshake", remote, message }),
    unusable: (message) => on({ kind: "tls", message }),
  });
  return {
    address: listener.address,
    streams: () => admission.states(),
    close: (graceMs) => listener.close("the server is ending; connect to another", graceMs),
  };
}

/** For a stream that was refused there is nothing to hear. */
const DEAF: StreamListener = { message: () => {}, drained: () => {}, ended: () => {} };

class Admission {
  readonly #options: XdsServerOptions;
  readonly #limits: ServerLimits;
  readonly #clock: Clock;
  readonly #on: (event: XdsEvent) => void;
  readonly #leftovers: Leftovers;
  readonly #streams = new Map<string, Set<DeltaStream>>();
  #count = 0;

  constructor(options: XdsServerOptions, limits: ServerLimits, clock: Clock, on: (event: XdsEvent) => void) {
    this.#options = options;
    this.#limits = limits;
    this.#clock = clock;
    this.#on = on;
    this.#leftovers = new Leftovers(limits.leftoverNames);
  }

  accept(stream: AcceptedStream): StreamListener {
    const peer = peerOfCertificate(stream.alternativeNames, this.#options.domain);
    if ("refused" in peer) return this.#refuse(stream, "PERMISSION_DENIED", peer.refused);
    const { streams, streamsPerPeer } = this.#limits;
    if (this.#count >= streams) {
      return this.#refuse(stream, "RESOURCE_EXHAUSTED", `this server has ${streams} streams, its limit; try another`);
    }
    const own = this.#streams.get(peer.uri) ?? new Set();
    if (own.size >= streamsPerPeer) {
      const reason = `${peer.uri} has ${own.size} streams, the limit; give each client a certificate of its own`;
      return this.#refuse(stream, "RESOURCE_EXHAUSTED", reason);
    }
    try {
      const view = this.#options.view(peer);
      if ("refused" in view) return this.#refuse(stream, "PERMISSION_DENIED", view.refused);
      return this.#open(stream, peer, view, own);
    } catch (error) {
      const detail = `${peer.uri}: no view could be made: ${String(error)}`;
      return this.#refuse(stream, "INTERNAL", "the server failed; its log says why", detail);
    }
  }

  states(): StreamState[] {
    return [...this.#streams.values()].flatMap((own) => [...own].map((stream) => stream.state()));
  }

  #open(stream: AcceptedStream, peer: Peer, view: View, own: Set<DeltaStream>): DeltaStream {
    // An older stream of the peer may be dead without anyone having noticed: what it left counts already.
    for (const older of own) this.#keepLeftovers(older);
    const sequencer = new Sequencer(view, { ...this.#options.sequencer, leftovers: this.#leftovers.of(peer.uri) });
    const delta = new DeltaStream({
      peer,
      stream,
      sequencer,
      clock: this.#clock,
      limits: this.#options.sequencer?.limits ?? DEFAULT_LIMITS,
      unansweredMs: this.#limits.unansweredMs,
      on: this.#on,
      ended: () => {
        unwatch();
        this.#count--;
        own.delete(delta);
        if (own.size === 0) this.#streams.delete(peer.uri);
        this.#keepLeftovers(delta);
      },
    });
    const unwatch = view.watch((changes, learned) => delta.changed(changes, learned));
    this.#count++;
    own.add(delta);
    this.#streams.set(peer.uri, own);
    this.#on({ kind: "opened", peer, remote: stream.remote });
    return delta;
  }

  #keepLeftovers({ peer, sequencer }: DeltaStream): void {
    const spoken = sequencer.state().map(({ type }) => type);
    this.#leftovers.keep(peer.uri, spoken, sequencer.leftovers());
  }

  /** `detail`: what the log says in place of what the client is told. */
  #refuse(stream: AcceptedStream, status: StreamStatus, message: string, detail = message): StreamListener {
    stream.close(status, message);
    this.#on({ kind: "refused", remote: stream.remote, message: detail });
    return DEAF;
  }
}
