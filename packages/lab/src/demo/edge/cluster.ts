/** A cluster of the demo: an API server and pods, each a process. */
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClient, type KubeClient, openAccess } from "@carrick/kube";
import { kubeconfig } from "../../apiserver/kubeconfig.ts";
import { BACKEND_READY, type BackendOptions } from "../../backend/index.ts";
import { type Program, Restartable, startProgram } from "../../process/index.ts";
import { type Authority, writeKeyPair } from "../../trust/index.ts";
import type { DemoCluster, Listens } from "./addresses.ts";
import { programArguments } from "../../process/checkout.ts";
import { ClusterObjects } from "./cluster-objects.ts";
import { firstObjects, type Pod, SERVICES } from "./manifests.ts";

export interface ClusterOptions {
  readonly name: DemoCluster;
  readonly apiServer: Listens;
  readonly podPort: number;
  readonly authority: Authority;
  /** Folders: for files with secrets, for what outlives a process, for logs. */
  readonly files: string;
  readonly data: string;
  readonly logs: string;
}

export class Cluster {
  readonly name: DemoCluster;
  readonly apiServer: Restartable<Program<unknown>>;
  readonly objects: ClusterObjects;
  /** How an operator and a controller get in. */
  readonly kubeconfigPath: string;
  readonly #options: ClusterOptions;
  readonly #client: KubeClient;
  readonly #pods = new Map<string, Restartable<Program<unknown>>>();

  private constructor(
    options: ClusterOptions,
    kubeconfigPath: string,
    apiServer: Restartable<Program<unknown>>,
    client: KubeClient,
  ) {
    this.name = options.name;
    this.kubeconfigPath = kubeconfigPath;
    this.apiServer = apiServer;
    this.objects = new ClusterObjects(client);
    this.#client = client;
    this.#options = options;
  }

  /** Starts the API server and the pods, and writes the first objects. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const { name, apiServer: at, authority, data, files } = options;
    const token = randomBytes(24).toString("hex");
    const pair = await authority.issue({ ips: [at.address], usages: ["server"] });
    const { certificate, key } = writeKeyPair(pair, files, `${name}-api-server`);
    const tokenFile = join(files, `${name}-token`);
    const configPath = join(files, `${name}-api-server.json`);
    const kubeconfigPath = kubeconfigOf(name, files);
    const tls = { certFile: certificate, keyFile: key };
    const access = { name, url: `https://${at.address}:${at.port}`, caPem: authority.certPem, token };
    mkdirSync(data, { recursive: true, mode: 0o700 });
    writeFileSync(tokenFile, token, { mode: 0o600 });
    writeFileSync(configPath, JSON.stringify({ name, ...at, tls, tokenFile, dataFile: dataFile(options) }));
    writeFileSync(kubeconfigPath, kubeconfig(access), { mode: 0o600 });
    const client = createClient({ access: openAccess({ kubeconfig: kubeconfigPath }), userAgent: "carrick-demo" });
    const apiServer = await Restartable.start(() => startApiServerProcess(options, configPath));
    const cluster = new Cluster(options, kubeconfigPath, apiServer, client);
    await Promise.all([cluster.#startPods(), cluster.#writeFirstObjects()]);
    return cluster;
  }

  /** The process of a pod; several pods may share one. */
  pod(name: string): Restartable<Program<unknown>> {
    const found = this.#pods.get(name);
    if (found === undefined) throw new Error(`${this.name}: no pod ${name}`);
    return found;
  }

  /** The processes of all pods. */
  pods(): Iterable<Restartable<Program<unknown>>> {
    return new Set(this.#pods.values());
  }

  /** Makes the API server forget every object, as if it were another one. It must not run. */
  forgetObjects(): void {
    rmSync(dataFile(this.#options), { force: true });
  }

  /**
   * Lets every connection to the API server but this demo's own fall silent: they live, but nothing is told on them any
   * more. A client notices by itself after some seconds.
   */
  async silence(): Promise<void> {
    await this.#client.create("/carrick/connections", { effect: "silent" });
  }

  close(): void {
    this.#client.close();
  }

  /** Each pod of `web` is a process of its own, so that one can end; the other pods share one. */
  async #startPods(): Promise<void> {
    const { web = [], ...others } = SERVICES[this.name];
    const groups: readonly (readonly [string, readonly Pod[]])[] = [
      ...web.map((pod) => [pod.name, [pod]] as const),
      ["others", Object.values(others).flat()],
    ];
    await Promise.all(
      groups.map(async ([name, pods]) => {
        const backend = await Restartable.start(() => this.#startBackend(`${this.name}-${name}`, pods));
        for (const pod of pods) this.#pods.set(pod.name, backend);
      }),
    );
  }

  async #startBackend(name: string, pods: readonly Pod[]): Promise<Program<unknown>> {
    const { podPort, logs } = this.#options;
    const options: BackendOptions = { cluster: this.name, port: podPort, pods };
    return startProgram({
      name,
      command: process.execPath,
      args: [...programArguments("lab"), "backend", JSON.stringify(options)],
      logFolder: logs,
      ready: (line) => (line === BACKEND_READY ? true : undefined),
    });
  }

  async #writeFirstObjects(): Promise<void> {
    for (const manifest of firstObjects(this.name, this.#options.podPort)) await this.objects.create(manifest);
  }
}

/** Where the kubeconfig of a cluster stands. */
export function kubeconfigOf(name: DemoCluster, files: string): string {
  return join(files, `kubeconfig-${name}`);
}

function dataFile({ data, name }: ClusterOptions): string {
  return join(data, `${name}.jsonl`);
}

function startApiServerProcess({ name, logs }: ClusterOptions, configPath: string): Promise<Program<unknown>> {
  return startProgram({
    name: `${name}-api-server`,
    command: process.execPath,
    args: [...programArguments("lab"), "api-server", "--config", configPath],
    logFolder: logs,
    ready: (line) => (line.includes('"url"') ? true : undefined),
  });
}
