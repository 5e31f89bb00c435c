/** A real Envoy over one or more servers that serve a world made by hand, with mutual TLS between them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { edgeBootstrap } from "@carrick/core/translate";
import { EDGE_TYPES, TableView } from "@carrick/testing";
import {
  ALL_RULES,
  DEFAULT_LIMITS,
  ENDPOINTS,
  type Resource,
  type Rules,
  type ServerLimits,
  startXdsServer,
  type TlsMaterial,
  type TypeUrl,
  type XdsEvent,
  type XdsServer,
} from "@carrick/xds";
import { startBackend } from "../../packages/lab/src/backend/index.ts";
import { type Envoy, startEnvoy } from "../../packages/lab/src/envoy/index.ts";
import { exchange } from "../../packages/lab/src/load/index.ts";
import { freePort } from "../../packages/lab/src/process/index.ts";
import { type Authority, controllerName, createAuthority, edgeName } from "../../packages/lab/src/trust/index.ts";
import { endpoints, type Named, type Place } from "./resources.ts";

const DOMAIN = "carrick.test";
const WITHIN_MS = 15_000;

export interface SceneOptions {
  readonly name: string;
  readonly world: readonly Named[];
  readonly rules?: Rules;
  readonly limits?: Partial<ServerLimits>;
  /** See `Limits`. */
  readonly responseBytes?: number;
  /** See `startEnvoy`. */
  readonly drainTimeSeconds?: number;
}

/** One server and what it told. */
export interface Served {
  readonly server: XdsServer;
  readonly events: readonly XdsEvent[];
  /** Names of resources that it sent. */
  sent(): string[];
  /** How many responses of a type the Envoy took. */
  acked(type: TypeUrl): number;
  /** How many responses of a type the Envoy refused. */
  nacked(type: TypeUrl): number;
  /** Names that the Envoy refused and that are not sent again. */
  rejected(): string[];
  /** Envoy spoke of all types, has answered everything and there is nothing more to say. */
  settled(types: readonly TypeUrl[]): boolean;
  unanswered(type: TypeUrl): number;
}

/** What a request met: a status, and the pod that answered. Status 0: the connection was refused. */
export interface Reply {
  readonly status: number;
  readonly pod: string;
}

/** Back ends, listener addresses and certificates that the scenes of one file share. */
export class Stage {
  readonly #authority: Authority;
  readonly #folder: string;
  readonly #podPort: number;

  private constructor(authority: Authority, folder: string, podPort: number) {
    this.#authority = authority;
    this.#folder = folder;
    this.#podPort = podPort;
  }

  static async open(after: (done: () => void) => void): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), "carrick-scene-"));
    after(() => rmSync(folder, { recursive: true, force: true }));
    const pods = [
      { name: "a", address: "127.0.0.2" },
      { name: "b", address: "127.0.0.3" },
    ];
    const port = await freePort(pods.map(({ address }) => address));
    const backend = await startBackend({ cluster: "london", port, pods });
    after(() => void backend.close());
    return new Stage(await createAuthority("scene"), folder, port);
  }

  get podA(): Place {
    return { address: "127.0.0.2", port: this.#podPort };
  }

  get podB(): Place {
    return { address: "127.0.0.3", port: this.#podPort };
  }

  /** Where a listener may listen. */
  async place(): Promise<Place> {
    return { address: "127.0.0.1", port: await freePort(["127.0.0.1"]) };
  }

  /** Starts a server and an Envoy that is served by it; both end with the test. */
  async scene(t: TestContext, options: SceneOptions): Promise<Scene> {
    const view = viewOf(options.world);
    const pair = await this.#authority.issue({ uris: [controllerName(DOMAIN, "london")] });
    const tls = { certificate: pair.certPem, key: pair.keyPem, authority: this.#authority.certPem };
    const served = await serve(t, view, tls, options);
    const envoy = await this.#startEnvoy(options, served.server.address);
    t.after(() => envoy.kill());
    return new Scene(t, options, view, tls, served, envoy);
  }

  async #startEnvoy({ name, drainTimeSeconds = 60 }: SceneOptions, controller: Place): Promise<Envoy> {
    const pair = await this.#authority.issue({ uris: [edgeName(DOMAIN, "london", "public", name)] });
    const file = (suffix: string, text: string): string => {
      const path = join(this.#folder, `${name}.${suffix}`);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    const bootstrap = edgeBootstrap({
      node: { id: name, cluster: "public" },
      controllers: [controller],
      serverName: controllerName(DOMAIN, "london"),
      tls: {
        certificate: file("crt", pair.certPem),
        key: file("key", pair.keyPem),
        authority: file("ca", this.#authority.certPem),
      },
      statsPrefixes: ["cluster.", "http."],
    });
    return startEnvoy({ name, bootstrap, dir: this.#folder, drainTimeSeconds });
  }
}

export class Scene {
  readonly envoy: Envoy;
  readonly #t: TestContext;
  readonly #options: SceneOptions;
  readonly #tls: TlsMaterial;
  #view: TableView;
  #served: Served;

  constructor(t: TestContext, options: SceneOptions, view: TableView, tls: TlsMaterial, served: Served, envoy: Envoy) {
    this.#t = t;
    this.#options = options;
    this.#view = view;
    this.#tls = tls;
    this.#served = served;
    this.envoy = envoy;
  }

  /** The server that runs now. */
  get served(): Served {
    return this.#served;
  }

  /** One change of the world. `complete` false: more may be there than is known. */
  change(put: readonly Named[], remove: readonly (readonly [TypeUrl, string])[] = [], complete = true): void {
    change(this.#view, put, remove, complete);
  }

  /** Ends the server; another takes its address and serves this world. */
  async replaceServer(world: readonly Named[]): Promise<Served> {
    const { address } = this.#served.server;
    await this.#served.server.close(0);
    this.#view = viewOf(world);
    this.#served = await serve(this.#t, this.#view, this.#tls, this.#options, address);
    return this.#served;
  }

  /** One request on a connection of its own. */
  async get({ address, port }: Place, host: string): Promise<Reply> {
    const { status, pod } = await exchange({ name: host, address, port, host, path: "/" }, 2000);
    return { status, pod };
  }

  /** A figure of Envoy's; 0 while it does not exist. */
  async stat(name: string): Promise<number> {
    const stats = await this.envoy.stats(new RegExp(`^${name.replaceAll(".", "\\.")}$`));
    return stats.get(name) ?? 0;
  }

  /** Asks again and again, until a deadline. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + WITHIN_MS;
    while (!(await condition())) {
      if (performance.now() > deadline) throw new Error(`not within ${WITHIN_MS / 1000} s: ${what}${this.#plight()}`);
      await delay(5);
    }
  }

  /** What does not happen can only be seen by waiting: the condition holds all the time. */
  async stays(what: string, ms: number, condition: () => boolean | Promise<boolean>, everyMs = 20): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end) {
      if (!(await condition())) throw new Error(`did not stay so for ${ms} ms: ${what}${this.#plight()}`);
      await delay(everyMs);
    }
  }

  /** For the reader of a failure. */
  #plight(): string {
    const streams = this.#served.server.streams().map(({ types }) => types);
    const events = this.#served.events.map((event) => ("peer" in event ? { ...event, peer: event.peer.uri } : event));
    return `\nstreams: ${JSON.stringify(streams)}\nevents: ${JSON.stringify(events)}\nenvoy: ${this.envoy.log()}`;
  }
}

async function serve(
  t: TestContext,
  view: TableView,
  tls: TlsMaterial,
  { rules = ALL_RULES, limits = {}, responseBytes = DEFAULT_LIMITS.responseBytes }: SceneOptions,
  listen: Place = { address: "127.0.0.1", port: 0 },
): Promise<Served> {
  const events: XdsEvent[] = [];
  const server = await startXdsServer({
    listen,
    domain: DOMAIN,
    tls: () => tls,
    view: () => view,
    sequencer: {
      rules,
      absent: new Map([[ENDPOINTS, (name: string): Resource => endpoints(name, []).resource]]),
      limits: { ...DEFAULT_LIMITS, responseBytes },
    },
    limits,
    on: (event) => events.push(event),
  });
  t.after(() => server.close(0));
  return {
    server,
    events,
    sent: () => events.flatMap((event) => (event.kind === "sent" ? event.names : [])),
    acked: (type) => events.filter((event) => event.kind === "acked" && event.type === type).length,
    nacked: (type) => events.filter((event) => event.kind === "nacked" && event.type === type).length,
    rejected: () => server.streams().flatMap(({ rejections }) => rejections.map(({ name }) => name)),
    unanswered: (wanted) => {
      const types = server.streams().flatMap(({ types }) => types);
      return types.reduce((sum, { type, inFlight }) => (type === wanted ? sum + inFlight : sum), 0);
    },
    settled: (wanted) => {
      const [stream] = server.streams();
      const types = stream?.types ?? [];
      const spoken = wanted.every((type) => types.some((state) => state.type === type));
      return spoken && types.every(({ pending, inFlight }) => pending === 0 && inFlight === 0);
    },
  };
}

function viewOf(world: readonly Named[]): TableView {
  const view = new TableView(EDGE_TYPES);
  change(view, world, [], true);
  return view;
}

function change(
  view: TableView,
  put: readonly Named[],
  remove: readonly (readonly [TypeUrl, string])[],
  complete: boolean,
): void {
  const changes = new Map<TypeUrl, Map<string, Resource | undefined>>();
  const of = (type: TypeUrl): Map<string, Resource | undefined> => {
    const rows = changes.get(type) ?? new Map<string, Resource | undefined>();
    changes.set(type, rows);
    return rows;
  };
  for (const { type, resource } of put) of(type).set(resource.name, resource);
  for (const [type, name] of remove) of(type).set(name, undefined);
  view.change(changes, complete);
}
