/** A Service that two clusters share, whose only endpoint changes; beside it as many others as are wanted. */
import type { Pod } from "../../packages/lab/src/mesh/node.ts";
import { Caller, startEcho } from "./caller.ts";
import { absentPod, GLOBAL, globalAddress, globalService, serviceAddress, serviceObjects, slice } from "./services.ts";
import { StoreWatcher } from "./store-watcher.ts";
import { until } from "./until.ts";
import type { BenchNode, Mesh, MeshCluster } from "./world.ts";

/** Who writes: the node's own cluster, or the other one, of which it hears over the peering. */
export const ORIGINS = ["local", "peer"] as const;
export type Origin = (typeof ORIGINS)[number];

/** Of the second byte of service addresses, by cluster. */
const RANGES: Readonly<Record<Origin, number>> = { local: 96, peer: 97 };
const ENDPOINTS = 3;

export class ChangingService {
  /** Where it is looked at. */
  readonly node: BenchNode;
  readonly watcher: StoreWatcher;
  readonly caller: Caller;
  readonly clusters: Readonly<Record<Origin, MeshCluster>>;
  /** Two in each cluster, which take turns. */
  readonly #pods: Readonly<Record<Origin, readonly [Pod, Pod]>>;
  readonly #given = new Map<Origin, 0 | 1 | undefined>();
  #offered = 0;

  private constructor(
    clusters: ChangingService["clusters"],
    pods: Readonly<Record<Origin, readonly [Pod, Pod]>>,
    watcher: StoreWatcher,
    caller: Caller,
  ) {
    this.node = clusters.local.nodes[0]!;
    this.clusters = clusters;
    this.#pods = pods;
    this.watcher = watcher;
    this.caller = caller;
  }

  static async start({ clusters: [london, paris], stack }: Mesh): Promise<ChangingService> {
    const clusters = { local: london!, peer: paris! };
    const podsOf = async ({ name, nodes }: MeshCluster): Promise<[Pod, Pod]> => {
      const pods: [Pod, Pod] = [await nodes[0]!.addPod(`${name}-1`), await nodes[0]!.addPod(`${name}-2`)];
      for (const pod of pods) await startEcho(pod, stack);
      return pods;
    };
    const pods = { local: await podsOf(london!), peer: await podsOf(paris!) };
    const node = london!.nodes[0]!;
    for (const origin of ORIGINS) clusters[origin].api.objects.apply(globalService(RANGES[origin]));
    await until("the shared Service in the kernel", () => node.kernel.generation(globalAddress()) !== 0);
    const watcher = await StoreWatcher.start(node.kernel, stack);
    const caller = await Caller.start(await node.addPod("client"), stack);
    return new ChangingService(clusters, pods, watcher, caller);
  }

  get address(): string {
    return globalAddress(RANGES.local);
  }

  /** Which image the kernel has; images are numbered, over all Services of the node. */
  get generation(): number {
    return this.node.kernel.generation(this.address);
  }

  pod(origin: Origin, which: 0 | 1): Pod {
    return this.#pods[origin][which];
  }

  /** Makes one of the pods the only endpoint that the Service has in a cluster, or none. */
  give(origin: Origin, which: 0 | 1 | undefined): void {
    this.#given.set(origin, which);
    this.clusters[origin].api.objects.apply(slice(GLOBAL, which === undefined ? [] : [this.pod(origin, which).ipv4]));
  }

  /** Leaves the second pod of one cluster alone: which pod answers then says which change has come. */
  async only(origin: Origin): Promise<void> {
    const wanted = [
      [origin === "local" ? "peer" : "local", undefined],
      [origin, 1],
    ] as const;
    for (const [cluster, which] of wanted) {
      if (this.#given.get(cluster) === which) continue;
      const before = this.generation;
      this.give(cluster, which);
      await until("the change in the kernel", () => this.generation !== before);
    }
  }

  /** Brings the other Services of each cluster to so many; resolves when all kernels have them. */
  async amid(services: number): Promise<void> {
    for (const origin of ORIGINS) {
      const { objects } = this.clusters[origin].api;
      for (let n = this.#offered; n < services; n++) {
        const endpoints = Array.from({ length: ENDPOINTS }, (_, i) => absentPod(n * ENDPOINTS + i));
        for (const object of serviceObjects(n, endpoints, RANGES[origin])) objects.apply(object);
      }
    }
    this.#offered = services;
    for (const origin of ORIGINS) {
      const { name, nodes } = this.clusters[origin];
      const all = Array.from({ length: services }, (_, n) => serviceAddress(n, RANGES[origin]));
      await until(`${services} services in the kernels of ${name}`, () =>
        nodes.every(({ kernel }) => all.every((address) => kernel.generation(address) !== 0)),
      );
    }
  }
}
