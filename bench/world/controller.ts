/** The controller as it is shipped: the bundle, started by `./carrick controller`, over the clusters of a world. */
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { EnvoyStatus, StatusReport } from "@carrick/core/report";
import { parseMetrics } from "../../packages/lab/src/demo/metrics.ts";
import { cpuByThread, rssBytes } from "../../packages/lab/src/envoy/index.ts";
import { spawnTied, type TiedChild } from "../../packages/lab/src/process/index.ts";
import { CHECKOUT } from "../../packages/lab/src/process/checkout.ts";
import { peakBytes } from "../measure/memory.ts";
import type { Listens } from "./listens.ts";

export const FLEET = "bench";

export interface ControllerOptions {
  readonly configPath: string;
  readonly logPath: string;
  readonly api: Listens;
  readonly metrics: Listens;
  /** How many objects the clusters hold together, by kind. */
  readonly objects: ReadonlyMap<string, number>;
}

/** What was sent to Envoys since the start. */
export interface Sent {
  readonly bytes: number;
  readonly removals: number;
  /** By short type name: `RDS`, `EDS`, … */
  readonly resources: ReadonlyMap<string, number>;
}

const LONGEST_START_MS = 180_000;
const LONGEST_SETTLE_MS = 180_000;
const POLL_MS = 10;

export class Controller {
  /** From the start of the process until it says that it serves Envoys. */
  readonly readyMs: number;
  /** Until it knows every object. */
  readonly loadedMs: number;
  readonly #options: ControllerOptions;
  readonly #process: TiedChild;

  private constructor(options: ControllerOptions, process: TiedChild, times: Pick<Controller, "readyMs" | "loadedMs">) {
    this.#options = options;
    this.#process = process;
    this.readyMs = times.readyMs;
    this.loadedMs = times.loadedMs;
  }

  /** Starts it and waits until it knows every object. Throws with the end of its log when that does not come. */
  static async start(options: ControllerOptions): Promise<Controller> {
    const log = openSync(options.logPath, "a", 0o600);
    const begin = performance.now();
    const process = await spawnTied({
      command: join(CHECKOUT, "carrick"),
      args: ["controller", "--config", options.configPath],
      stdio: ["ignore", log, log],
    }).finally(() => closeSync(log));
    const until = async (what: string, reached: () => Promise<boolean>): Promise<number> => {
      for (;;) {
        if (await reached()) return performance.now() - begin;
        const late = performance.now() - begin > LONGEST_START_MS;
        if (late || !process.alive()) {
          await process.kill();
          const lines = readFileSync(options.logPath, "utf8").trim().split("\n");
          const why = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1);
          throw new Error(`${options.logPath}: the controller ${late ? `does not become ${what}` : "ended"}: ${why}`);
        }
        await delay(POLL_MS);
      }
    };
    const readyMs = await until("ready", () => answersOk(options.metrics));
    const loadedMs = await until("complete", () => knowsAll(options));
    return new Controller(options, process, { readyMs, loadedMs });
  }

  /** CPU time in milliseconds, all threads. */
  cpuMs(): number {
    return [...cpuByThread(this.#process.pid).values()].reduce((sum, ns) => sum + ns, 0) / 1e6;
  }

  rssBytes(): number {
    return rssBytes(this.#process.pid);
  }

  /** The most memory that was ever resident. */
  peakBytes(): number {
    return peakBytes(this.#process.pid);
  }

  async sent(): Promise<Sent> {
    const page = await text(this.#options.metrics, "/metrics");
    const total = (metric: string): number => parseMetrics(page, metric).reduce((sum, { value }) => sum + value, 0);
    const resources = parseMetrics(page, "carrick_xds_resources_sent_total");
    return {
      bytes: total("carrick_xds_bytes_sent_total"),
      removals: total("carrick_xds_removals_sent_total"),
      resources: new Map(resources.map(({ labels, value }) => [labels["type"] ?? "", value])),
    };
  }

  /** Waits until one Envoy is connected and has acknowledged everything. Throws when it refused something. */
  async settled(): Promise<void> {
    await this.#settled(async () => true);
  }

  /** Waits until it knows the objects that the world began with and no other, and its Envoy is in step. */
  async restored(): Promise<void> {
    await this.#settled(() => knowsAll(this.#options));
  }

  async #settled(also: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + LONGEST_SETTLE_MS;
    for (;;) {
      const envoy = (await also()) ? await this.#envoy() : undefined;
      const [refused] = envoy?.refused ?? [];
      if (refused !== undefined) throw new Error(`Envoy refused ${refused.type} ${refused.name}: ${refused.message}`);
      if (envoy?.pending === 0) return;
      if (performance.now() > deadline) {
        const state = `${envoy?.pending ?? "no"} resources are on the way`;
        throw new Error(`${this.#options.logPath}: no Envoy in step after ${LONGEST_SETTLE_MS} ms: ${state}`);
      }
      await delay(POLL_MS);
    }
  }

  async #envoy(): Promise<EnvoyStatus | undefined> {
    const { fleets } = JSON.parse(await text(this.#options.api, "/v1/status")) as StatusReport;
    return fleets.find(({ name }) => name === FLEET)?.envoys[0];
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}

/** Writes the configuration file: JSON is YAML. */
export function writeConfiguration(
  path: string,
  options: {
    readonly listen: { readonly xds: Listens; readonly api: Listens; readonly metrics: Listens };
    readonly tls: { readonly certificate: string; readonly key: string; readonly authority: string };
    readonly domain: string;
    readonly kubeconfigs: ReadonlyMap<string, string>;
    readonly ingressClass: string;
    readonly http: Listens;
    readonly https: Listens;
  },
): void {
  const { listen, tls, domain, kubeconfigs, ingressClass, http, https } = options;
  const config = {
    domain,
    listen,
    tls,
    clusters: Array.from(kubeconfigs, ([name, kubeconfig]) => ({ name, kubernetes: { kubeconfig } })),
    edges: [{ name: FLEET, classes: [ingressClass], http, https }],
    endpoints: { allowLoopback: true },
    log: { level: "warn" },
  };
  writeFileSync(path, JSON.stringify(config, null, 2), { mode: 0o600 });
}

/** The controller's tables by kind. */
const TABLES = new Map([
  ["Service", "services"],
  ["EndpointSlice", "slices"],
  ["Ingress", "ingresses"],
]);

/** Its tables hold what the clusters hold. Asked of `/metrics`, where an answer costs the controller next to nothing. */
async function knowsAll({ metrics, objects }: ControllerOptions): Promise<boolean> {
  const rows = parseMetrics(await text(metrics, "/metrics"), "carrick_table_rows");
  return [...objects].every(([kind, count]) =>
    rows.some(({ labels, value }) => labels["table"] === TABLES.get(kind) && value === count),
  );
}

async function answersOk({ address, port }: Listens): Promise<boolean> {
  try {
    const response = await fetch(`http://${address}:${port}/readyz`);
    await response.text();
    return response.ok;
  } catch {
    // It does not listen yet.
    return false;
  }
}

async function text({ address, port }: Listens, path: string): Promise<string> {
  const response = await fetch(`http://${address}:${port}${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.text();
}
