/** A replica of the controller: its configuration, its process, and what it says of itself. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EnvoyStatus, StatusReport } from "@carrick/core/report";
import { stringify } from "yaml";
import { type Program, Restartable, startProgram } from "../../process/index.ts";
import type { Addresses, EdgeAddresses, ReplicaAddresses } from "./addresses.ts";
import { programArguments } from "../../process/checkout.ts";
import { parseMetrics, type Sample } from "../metrics.ts";

/** Trust domain of the demo's certificates. */
export const DOMAIN = "carrick.local";
const ANSWER_MS = 2000;

export interface ReplicaFiles {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
  /** Kubeconfig of each cluster. */
  readonly kubeconfigs: Readonly<Record<string, string>>;
  /** Of the copy on disk of what the clusters said. */
  readonly cache: string;
}

/** The name of the fleet of Envoy `n`, from 1. */
export function fleetName(n: number): string {
  return `edge-${n}`;
}

/** What an operator writes for this replica. Each Envoy is a fleet: on one machine they need addresses of their own. */
export function controllerConfig(
  { xds, api, metrics }: ReplicaAddresses,
  edges: readonly EdgeAddresses[],
  name: string,
  { certificate, key, authority, kubeconfigs, cache }: ReplicaFiles,
): string {
  return stringify({
    replica: name,
    domain: DOMAIN,
    listen: { xds, api, metrics },
    tls: { certificate, key, authority },
    cache,
    clusters: Object.entries(kubeconfigs).map(([cluster, kubeconfig]) => ({
      name: cluster,
      kubernetes: { kubeconfig },
    })),
    edges: edges.map(({ http, https }, i) => ({ name: fleetName(i + 1), classes: ["carrick"], http, https })),
    endpoints: { allowLoopback: true },
    log: { level: "info" },
  });
}

export class Replica {
  readonly name: string;
  readonly process: Restartable<Program<unknown>>;
  readonly #addresses: ReplicaAddresses;
  readonly #cache: string;

  private constructor(
    name: string,
    addresses: ReplicaAddresses,
    cache: string,
    process: Restartable<Program<unknown>>,
  ) {
    this.name = name;
    this.process = process;
    this.#addresses = addresses;
    this.#cache = cache;
  }

  /** Starts the process; it may still wait for clusters, see `ready`. */
  static async start(
    number: 1 | 2,
    { replicas, edges }: Addresses,
    folders: { readonly files: string; readonly logs: string },
    files: ReplicaFiles,
  ): Promise<Replica> {
    const name = `replica-${number}`;
    const addresses = replicas[number - 1]!;
    const configPath = join(folders.files, `${name}.yaml`);
    mkdirSync(files.cache, { recursive: true, mode: 0o700 });
    writeFileSync(configPath, controllerConfig(addresses, edges, name, files), { mode: 0o600 });
    const start = () =>
      startProgram({
        name,
        command: process.execPath,
        args: [...programArguments("controller"), "--config", configPath],
        logFolder: folders.logs,
        ready: (line) => (line.includes("started") ? true : undefined),
      });
    return new Replica(name, addresses, files.cache, await Restartable.start(start));
  }

  /** Throws when it does not answer. */
  async status(): Promise<StatusReport> {
    return (await (await this.#get("api", "/v1/status")).json()) as StatusReport;
  }

  async ready(): Promise<boolean> {
    const response = await this.#get("metrics", "/readyz");
    await response.text();
    return response.ok;
  }

  /** Removes the copies on disk of what the clusters said. It must not run. */
  forgetCopies(): void {
    rmSync(this.#cache, { recursive: true, force: true });
    mkdirSync(this.#cache, { mode: 0o700 });
  }

  /** The Envoys of a fleet that are connected to this replica. */
  async envoys(fleet: string): Promise<readonly EnvoyStatus[]> {
    return (await this.status()).fleets.find(({ name }) => name === fleet)?.envoys ?? [];
  }

  /** Samples of one metric since the process started. */
  async samples(metric: string): Promise<readonly Sample[]> {
    const response = await this.#get("metrics", "/metrics");
    return parseMetrics(await response.text(), metric);
  }

  #get(listener: keyof ReplicaAddresses, path: string): Promise<Response> {
    const { address, port } = this.#addresses[listener];
    return fetch(`http://${address}:${port}${path}`, { signal: AbortSignal.timeout(ANSWER_MS) });
  }
}
