/** What the tests of this folder share: a view in memory, certificates, a server whose events can be waited for. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
} from "@carrick/proto/envoy/service/discovery/v3/discovery_pb.js";
import type { DeltaDiscoveryResponse } from "@carrick/proto/envoy/service/discovery/v3/discovery_pb.js";
import { TableView } from "@carrick/testing";
import { Client, credentials, status } from "@grpc/grpc-js";
import type { ClientDuplexStream } from "@grpc/grpc-js";
import { createHash } from "node:crypto";
import type { TestContext } from "node:test";
import { createAuthority, edgeName } from "../../../lab/src/trust/index.ts";
import type { Authority, CertificateRequest } from "../../../lab/src/trust/index.ts";
import type { Resource, TypeUrl, View } from "../protocol/index.ts";
import type { Clock } from "./clock.ts";
import { DELTA_ADS } from "./delta-ads.ts";
import type { ListenAddress } from "./tls-listener.ts";
import type { TlsMaterial } from "./tls-material.ts";
import type { XdsEvent } from "./xds-event.ts";
import { startXdsServer } from "./xds-server.ts";
import type { XdsServer, XdsServerOptions } from "./xds-server.ts";

export const DOMAIN = "carrick.test";
export const EDGE = edgeName(DOMAIN, "london", "public", "e1");
export const CONTROLLER = `spiffe://${DOMAIN}/cluster/london/controller`;
/** Types whose order does not matter: what is tested here is the stream, not make before break. */
export const THING: TypeUrl = "type.googleapis.com/carrick.test.Thing";
export const MARK: TypeUrl = "type.googleapis.com/carrick.test.Mark";
export const LOCALHOST: ListenAddress = { address: "127.0.0.1", port: 0 };

/** A resource whose version is the hash of its body, as everywhere in Carrick. */
export function resource(name: string, body: string | Uint8Array): Resource {
  const bytes = Buffer.from(body);
  return { name, version: createHash("sha256").update(bytes).digest("hex").slice(0, 12), body: bytes };
}

/** A view that counts who listens. */
export class MemoryView extends TableView {
  watchers = 0;

  constructor(types: Iterable<TypeUrl> = [THING, MARK]) {
    super(types);
  }

  override watch(on: Parameters<TableView["watch"]>[0]): () => void {
    const unwatch = super.watch(on);
    this.watchers++;
    return () => {
      this.watchers--;
      unwatch();
    };
  }

  set(type: TypeUrl, ...resources: readonly Resource[]): this {
    this.change(new Map([[type, new Map(resources.map((each) => [each.name, each]))]]));
    return this;
  }

  delete(type: TypeUrl, ...names: readonly string[]): this {
    this.change(new Map([[type, new Map(names.map((name) => [name, undefined]))]]));
    return this;
  }
}

/** Things that happened, in order, and a way to wait for one. */
export class EventLog<E> {
  readonly all: E[] = [];
  #waiting: { readonly matches: (event: E) => boolean; readonly resolve: (event: E) => void }[] = [];

  readonly add = (event: E): void => {
    this.all.push(event);
    const matching = this.#waiting.filter(({ matches }) => matches(event));
    this.#waiting = this.#waiting.filter((waiting) => !matching.includes(waiting));
    for (const { resolve } of matching) resolve(event);
  };

  /** The first that matches, also if it was before. The test's own timeout is the deadline. */
  async seen<T extends E>(matches: (event: E) => event is T): Promise<T>;
  async seen(matches: (event: E) => boolean): Promise<E>;
  seen(matches: (event: E) => boolean): Promise<E> {
    const before = this.all.find(matches);
    return before === undefined ? this.next(matches) : Promise.resolve(before);
  }

  next(matches: (event: E) => boolean): Promise<E> {
    return new Promise((resolve) => this.#waiting.push({ matches, resolve }));
  }
}

export function isKind<K extends XdsEvent["kind"]>(kind: K) {
  return (event: XdsEvent): event is Extract<XdsEvent, { kind: K }> => event.kind === kind;
}

/** Time that passes when a test says so. */
export class ManualClock implements Clock {
  #now = Date.now();
  readonly #timers = new Set<{ readonly at: number; readonly on: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, on: () => void): () => void {
    const timer = { at: this.#now + ms, on };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = next.at;
      next.on();
    }
    this.#now = end;
  }
}

let shared: Promise<Authority> | undefined;

/** One authority for all tests of a process. */
export function authority(): Promise<Authority> {
  return (shared ??= createAuthority("test"));
}

export async function material(request: CertificateRequest, from?: Authority): Promise<TlsMaterial> {
  const trusted = await authority();
  const pair = await (from ?? trusted).issue(request);
  return { certificate: pair.certPem, key: pair.keyPem, authority: trusted.certPem };
}

export interface RunningServer {
  readonly server: XdsServer;
  readonly events: EventLog<XdsEvent>;
}

/** A server over one view for all edges; it ends with the test. */
export async function serve(
  t: TestContext,
  view: View,
  options: Partial<XdsServerOptions> = {},
): Promise<RunningServer> {
  const events = new EventLog<XdsEvent>();
  const own = await material({ uris: [CONTROLLER] });
  const server = await startXdsServer({
    listen: LOCALHOST,
    domain: DOMAIN,
    tls: () => own,
    view: (peer) => (peer.role === "edge" ? view : { refused: `${peer.uri}: only edges are served here` }),
    on: events.add,
    ...options,
  });
  t.after(() => {
    const closed = server.close(0);
    if (options.clock instanceof ManualClock) options.clock.pass(0);
    return closed;
  });
  return { server, events };
}

export type RequestInit = MessageInitShape<typeof DeltaDiscoveryRequestSchema>;

/** A client that does only what it is told: no answers, no retries. */
export class RawClient {
  readonly responses = new EventLog<DeltaDiscoveryResponse>();
  /** The exact bytes of each response. */
  readonly bytes: Buffer[] = [];
  /** `CODE: message` of the stream's end. */
  readonly ended: Promise<string>;
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;

  constructor(server: ListenAddress, { certificate, key, authority: root }: TlsMaterial, read = true) {
    const pem = [root, key, certificate].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];
    const secure = credentials.createSsl(...pem, { checkServerIdentity: () => undefined });
    this.#client = new Client(`${server.address}:${server.port}`, secure, {
      "grpc.ssl_target_name_override": "controller.test",
      "grpc.use_local_subchannel_pool": 1,
      "grpc.enable_retries": 0,
    });
    const same = (bytes: Buffer): Buffer => bytes;
    this.#call = this.#client.makeBidiStreamRequest<Buffer, Buffer>(DELTA_ADS, same, same);
    this.#call.on("error", () => {});
    this.ended = new Promise((resolve) => {
      this.#call.on("status", ({ code, details }) => resolve(`${status[code]}: ${details}`));
    });
    if (!read) return;
    this.#call.on("data", (bytes: Buffer) => {
      this.bytes.push(bytes);
      this.responses.add(fromBinary(DeltaDiscoveryResponseSchema, bytes));
    });
  }

  say(request: RequestInit): void {
    this.write(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, request)));
  }

  write(bytes: Uint8Array): void {
    this.#call.write(Buffer.from(bytes));
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }
}

/** A client with the right certificate, closed with the test. */
export async function raw(t: TestContext, server: XdsServer, request: CertificateRequest = { uris: [EDGE] }) {
  const client = new RawClient(server.address, await material(request));
  t.after(() => client.close());
  return client;
}
