/** An Envoy of the demo, started with what `carrick edge bootstrap` prints. */
import type { Target } from "../../load/index.ts";
import { type Envoy, startEnvoy } from "../../envoy/index.ts";
import { Restartable } from "../../process/index.ts";
import type { EdgeAddresses } from "./addresses.ts";
import { type Configuration, readConfiguration, readEndpoints } from "./edge-configuration.ts";

/** Connections of a listener that changed end within this. */
const DRAIN_SECONDS = 1;
/** Counters of single upstreams and routes, which a production edge does without. */
const MORE_STATS = ["cluster.", "http."];

export interface EdgeOptions {
  readonly fleet: string;
  readonly name: string;
  readonly addresses: EdgeAddresses;
  /** What `carrick edge bootstrap` printed. */
  readonly bootstrap: string;
  readonly folder: string;
  readonly sockets: string;
}

export class Edge {
  readonly fleet: string;
  readonly name: string;
  readonly process: Restartable<Envoy>;
  readonly #addresses: EdgeAddresses;

  private constructor({ fleet, name, addresses }: EdgeOptions, process: Restartable<Envoy>) {
    this.fleet = fleet;
    this.name = name;
    this.process = process;
    this.#addresses = addresses;
  }

  static async start(options: EdgeOptions): Promise<Edge> {
    const { name, folder, sockets } = options;
    const bootstrap = withMoreStats(JSON.parse(options.bootstrap) as Bootstrap);
    const start = () =>
      startEnvoy({ name, bootstrap, dir: folder, socketParent: sockets, drainTimeSeconds: DRAIN_SECONDS });
    return new Edge(options, await Restartable.start(start));
  }

  /** Where a client finds it: plain HTTP. */
  get url(): string {
    return `http://${this.#addresses.http.address}:${this.#addresses.http.port}`;
  }

  /** Where a client finds it: HTTPS. */
  get secure(): { readonly address: string; readonly port: number } {
    return this.#addresses.https;
  }

  target(host: string, path = "/"): Target {
    return { name: `${host}${path}`, ...this.#addresses.http, host, path };
  }

  secureTarget(host: string, path: string, authority: string): Target {
    return { name: `https ${host}${path}`, ...this.#addresses.https, host, path, authority };
  }

  async configuration(): Promise<Configuration> {
    return readConfiguration(await this.process.now.configDump());
  }

  /** Envoy's counters of updates that it took or refused from the controllers. They go with what they count for. */
  async updates(): Promise<ReadonlyMap<string, number>> {
    return this.process.now.stats(/\.update_(success|rejected)$/);
  }

  /** Addresses of the endpoints of each upstream, as Envoy uses them. */
  async endpoints(): Promise<ReadonlyMap<string, readonly string[]>> {
    const { body } = await this.process.now.admin("/clusters?format=json");
    return readEndpoints(JSON.parse(body));
  }
}

interface Bootstrap {
  readonly stats_config: {
    readonly stats_matcher: { readonly inclusion_list: { readonly patterns: readonly object[] } };
  };
  readonly [field: string]: unknown;
}

function withMoreStats(bootstrap: Bootstrap): Bootstrap {
  const { patterns } = bootstrap.stats_config.stats_matcher.inclusion_list;
  const more = [...patterns, ...MORE_STATS.map((prefix) => ({ prefix }))];
  return { ...bootstrap, stats_config: { stats_matcher: { inclusion_list: { patterns: more } } } };
}
