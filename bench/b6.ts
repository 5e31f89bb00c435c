/** B6: from the write of an EndpointSlice to the store in a node's kernel, and to the first connect that follows it. */
import { setTimeout as delay } from "node:timers/promises";
import { quantile } from "../packages/lab/src/load/index.ts";
import type { Pod } from "../packages/lab/src/mesh/node.ts";
import { isQuiet, quietly } from "./measure/abba.ts";
import { FLAT } from "./measure/figures.ts";
import { type Context, size, worldsOf } from "./measure/run.ts";
import { Caller, startEcho } from "./mesh/caller.ts";
import {
  absentPod,
  GLOBAL,
  globalAddress,
  globalService,
  serviceAddress,
  serviceObjects,
  slice,
} from "./mesh/services.ts";
import { StoreWatcher } from "./mesh/store-watcher.ts";
import { until } from "./mesh/until.ts";
import { inMesh, type Mesh, type MeshCluster } from "./mesh/world.ts";
import { type Figure, median } from "./report/row.ts";

const SIZES = [{ services: 100, smoke: true }, { services: 1000 }, { services: 10_000, smoke: true }];
const ENDPOINTS = 3;
/** Milliseconds. */
const STORE_GOALS = { local: 1, peer: 4 };
/** Ranges of service addresses, by cluster. */
const RANGES = { london: 96, paris: 97 };
/** Between two changes at least, and as much again by chance. */
const GAP_MS = 10;

/** Who writes: the node's own cluster, or the other one, of which it hears over the peering. */
type Origin = "local" | "peer";
type Seen = "store" | "connect";

interface Bed {
  readonly watcher: StoreWatcher;
  readonly caller: Caller;
  readonly clusters: Readonly<Record<Origin, MeshCluster>>;
  /** Two in each cluster, which take turns. */
  readonly pods: Readonly<Record<Origin, readonly [Pod, Pod]>>;
  /** Which of them are endpoints now. */
  readonly given: Map<Origin, 0 | 1 | undefined>;
}

interface Block {
  /** Milliseconds. */
  readonly latencies: readonly number[];
  readonly failed: number;
}

interface Run extends Block {
  readonly noise: number;
}

export async function b6(context: Context): Promise<Figure[]> {
  return inMesh(context, { london: 1, paris: 1 }, async ({ clusters, stack }) => {
    const bed = await openBed(clusters, stack);
    const figures: Figure[] = [];
    const stores: Record<Origin, number[][]> = { local: [], peer: [] };
    let written = 0;
    for (const world of worldsOf(context.effort, SIZES)) {
      const services = size(context.effort, world.services);
      context.progress(`${services} services`);
      await offer(clusters, written, services);
      written = services;
      for (const origin of ["local", "peer"] as const) {
        await only(bed, origin);
        for (const seen of ["store", "connect"] as const) {
          context.progress(`${services} services: ${origin}, ${seen}`);
          const runs = await measureRuns(context, bed, origin, seen);
          if (seen === "store") stores[origin].push(runs.map(({ latencies }) => quantileOf(latencies, 0.5)));
          figures.push(...figuresOf(services, origin, seen, runs));
        }
      }
    }
    for (const [origin, all] of Object.entries(stores)) {
      const fewest = median(all[0]!);
      figures.push({
        what: `store, ${origin}: p50 with most services to fewest`,
        unit: "×",
        goal: FLAT,
        runs: all.at(-1)!.map((ms) => ms / fewest),
      });
    }
    return figures;
  });
}

async function openBed([london, paris]: readonly MeshCluster[], stack: Mesh["stack"]): Promise<Bed> {
  const podsOf = async ({ name, nodes }: MeshCluster): Promise<[Pod, Pod]> => {
    const pods = [await nodes[0]!.addPod(`${name}-1`), await nodes[0]!.addPod(`${name}-2`)] as const;
    for (const pod of pods) await startEcho(pod, stack);
    return [...pods];
  };
  const pods = { local: await podsOf(london!), peer: await podsOf(paris!) };
  const [node] = london!.nodes;
  london!.api.objects.apply(globalService(RANGES.london));
  paris!.api.objects.apply(globalService(RANGES.paris));
  await until("the global Service in the kernel", () => node!.kernel.generation(globalAddress()) !== 0);
  return {
    watcher: await StoreWatcher.start(node!.kernel, stack),
    caller: await Caller.start(await node!.addPod("client"), stack),
    clusters: { local: london!, peer: paris! },
    pods,
    given: new Map(),
  };
}

async function offer(clusters: readonly MeshCluster[], from: number, to: number): Promise<void> {
  const rangeOf = ({ name }: MeshCluster) => RANGES[name as keyof typeof RANGES];
  for (const cluster of clusters) {
    for (let n = from; n < to; n++) {
      const endpoints = Array.from({ length: ENDPOINTS }, (_, i) => absentPod(n * ENDPOINTS + i));
      for (const object of serviceObjects(n, endpoints, rangeOf(cluster))) cluster.api.objects.apply(object);
    }
  }
  for (const cluster of clusters) {
    const all = Array.from({ length: to }, (_, n) => serviceAddress(n, rangeOf(cluster)));
    await until(`${to} services in the kernels of ${cluster.name}`, () =>
      cluster.nodes.every(({ kernel }) => all.every((address) => kernel.generation(address) !== 0)),
    );
  }
}

/** Makes one of the pods the only endpoint that the Service has in a cluster, or none. */
function give({ clusters, pods, given }: Bed, origin: Origin, which: 0 | 1 | undefined): void {
  given.set(origin, which);
  clusters[origin].api.objects.apply(slice(GLOBAL, which === undefined ? [] : [pods[origin][which].ipv4]));
}

/** The Service has endpoints in one cluster alone: which pod answers says which change has come. */
async function only(bed: Bed, origin: Origin): Promise<void> {
  const { kernel } = bed.clusters.local.nodes[0]!;
  const wanted = [
    [origin === "local" ? "peer" : "local", undefined],
    [origin, 1],
  ] as const;
  for (const [cluster, which] of wanted) {
    if (bed.given.get(cluster) === which) continue;
    const before = kernel.generation(globalAddress());
    give(bed, cluster, which);
    await until("the change in the kernel", () => kernel.generation(globalAddress()) !== before);
  }
}

async function measureRuns(context: Context, bed: Bed, origin: Origin, seen: Seen): Promise<Run[]> {
  const { effort } = context;
  const runs: Run[] = [];
  for (let number = 1; number <= effort.runs; number++) {
    context.progress(`run ${number} of ${effort.runs}`);
    const { result, noise } = await quietly(async () => {
      const block = await measureBlock(bed, origin, seen, effort.changes);
      const half = (odd: number) =>
        quantileOf(
          block.latencies.filter((_, i) => i % 2 === odd),
          0.5,
        );
      return { result: block, noise: half(1) / half(0) };
    });
    runs.push({ ...result, noise });
  }
  return runs;
}

/** An even number of changes ends where it began. */
async function measureBlock(bed: Bed, origin: Origin, seen: Seen, changes: number): Promise<Block> {
  const latencies: number[] = [];
  let failed = 0;
  for (let n = 0; n < changes; n++) {
    const which = n % 2 === 0 ? 0 : 1;
    if (seen === "store") {
      const { stored } = await bed.watcher.watch(globalAddress());
      const began = monotonic();
      give(bed, origin, which);
      latencies.push((await stored).at - began);
    } else {
      const met = bed.caller.until(bed.pods[origin][which], globalAddress());
      // The client is at it when the write comes.
      await delay(GAP_MS / 2);
      const began = monotonic();
      give(bed, origin, which);
      const { answered, failed: some } = await met;
      latencies.push(answered - began);
      failed += some;
    }
    await delay(GAP_MS * (1 + Math.random()));
  }
  return { latencies, failed };
}

function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function quantileOf(values: readonly number[], q: number): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    q,
  );
}

function figuresOf(services: number, origin: Origin, seen: Seen, runs: readonly Run[]): Figure[] {
  const what = `${seen === "store" ? "store" : "first connect"}, ${origin}: ${services.toLocaleString("en")} services`;
  const at = (q: number): number[] => runs.map(({ latencies }) => quantileOf(latencies, q));
  const quiet = runs.every(({ noise }) => isQuiet(noise));
  const isVoid = !quiet && { isVoid: true, note: "void: every second change differs from the others by more than 5 %" };
  const goal = seen === "store" && { goal: STORE_GOALS[origin] };
  return [
    { what: `${what}, p50`, unit: "ms", runs: at(0.5), ...goal, ...isVoid },
    { what: `${what}, p99`, unit: "ms", runs: at(0.99) },
    { what: `${what}, noise: every second change to the others`, unit: "×", runs: runs.map(({ noise }) => noise) },
    ...(seen === "connect"
      ? [{ what: `${what}, connects that failed`, unit: "" as const, goal: 0, runs: runs.map(({ failed }) => failed) }]
      : []),
  ];
}
