/** B6: from the write of an EndpointSlice to the store in a node's kernel, and to the first connect that follows it. */
import { setTimeout as delay } from "node:timers/promises";
import { cpuByThread } from "../packages/lab/src/envoy/index.ts";
import { quantile } from "../packages/lab/src/load/index.ts";
import { isQuiet, quietly } from "./measure/abba.ts";
import { FLAT } from "./measure/figures.ts";
import { type Context, size, worldsOf } from "./measure/run.ts";
import { ChangingService, type Origin, ORIGINS } from "./mesh/changing-service.ts";
import { inMesh } from "./mesh/world.ts";
import { type Figure, median } from "./report/row.ts";

const SIZES = [{ services: 100, smoke: true }, { services: 1000 }, { services: 10_000, smoke: true }];
/** Milliseconds. */
const STORE_GOALS: Readonly<Record<Origin, number>> = { local: 1, peer: 4 };
/** A change is written once into the kernel. */
const STORES_GOAL = 1;
/** Between two changes at least, and as much again by chance. */
const GAP_MS = 10;
/** Changes of a block, for each that the effort asks for: the halves of a block are compared. */
const FACTOR = 2;
const WARM_UP = 20;

const SEEN = ["store", "connect"] as const;
type Seen = (typeof SEEN)[number];
const NAMES: Readonly<Record<Seen, string>> = { store: "store", connect: "first connect" };

interface Block {
  /** Milliseconds. */
  readonly latencies: readonly number[];
  /** From one look at the kernel to the next, in milliseconds. */
  readonly intervals: readonly number[];
  /** Connects that failed. */
  readonly failed: number;
  /** Images that were written into the kernel, for each change. */
  readonly stores: number;
  /** CPU of a change in milliseconds. */
  readonly controllerMs: number;
  readonly agentMs: number;
}

interface Run extends Block {
  readonly noise: number;
}

export async function b6(context: Context): Promise<Figure[]> {
  return inMesh(context, { london: 1, paris: 1 }, async (mesh) => {
    const service = await ChangingService.start(mesh);
    const figures: Figure[] = [];
    const stores: Readonly<Record<Origin, (readonly Run[])[]>> = { local: [], peer: [] };
    for (const world of worldsOf(context.effort, SIZES)) {
      const services = size(context.effort, world.services);
      await service.amid(services);
      for (const origin of ORIGINS) {
        await service.only(origin);
        for (const seen of SEEN) {
          const what = `${NAMES[seen]}, ${origin}: ${services.toLocaleString("en")} services`;
          const runs = await measureRuns(context, service, origin, seen, what);
          if (seen === "store") stores[origin].push(runs);
          figures.push(...(seen === "store" ? storeFigures(what, origin, runs) : connectFigures(what, runs)));
        }
      }
    }
    for (const origin of ORIGINS) figures.push(flatness(origin, stores[origin].at(0)!, stores[origin].at(-1)!));
    figures.push({
      what: "sampling: from one look at the kernel to the next",
      unit: "ms",
      runs: ORIGINS.flatMap((origin) => stores[origin].flat()).map(({ intervals }) => median(intervals)),
    });
    return figures;
  });
}

async function measureRuns(
  context: Context,
  service: ChangingService,
  origin: Origin,
  seen: Seen,
  what: string,
): Promise<Run[]> {
  const { effort } = context;
  const changes = effort.changes * FACTOR;
  await measureBlock(service, origin, seen, Math.min(WARM_UP, changes));
  const runs: Run[] = [];
  for (let number = 1; number <= effort.runs; number++) {
    context.progress(`${what}: run ${number} of ${effort.runs}`);
    const { result, noise } = await quietly(async () => {
      const block = await measureBlock(service, origin, seen, changes);
      const half = (odd: 0 | 1): number => median(block.latencies.filter((_, i) => i % 2 === odd));
      return { result: block, noise: half(1) / half(0) };
    });
    runs.push({ ...result, noise });
  }
  return runs;
}

/** An even number of changes ends where it began. */
async function measureBlock(service: ChangingService, origin: Origin, seen: Seen, changes: number): Promise<Block> {
  const controller = service.clusters.local.controllers[0]!;
  const { agent } = service.node;
  const change = seen === "store" ? changeUntilStored : changeUntilMet;
  const [generation, controllerMs, agentMs] = [service.generation, cpuMs(controller.now.pid), cpuMs(agent.now.pid)];
  const all: Change[] = [];
  for (let n = 0; n < changes; n++) {
    all.push(await change(service, origin, n % 2 === 0 ? 0 : 1));
    await delay(GAP_MS * (1 + Math.random()));
  }
  return {
    latencies: all.map(({ latency }) => latency),
    intervals: all.map(({ interval }) => interval),
    failed: all.reduce((sum, { failed }) => sum + failed, 0),
    stores: (service.generation - generation) / changes,
    controllerMs: (cpuMs(controller.now.pid) - controllerMs) / changes,
    agentMs: (cpuMs(agent.now.pid) - agentMs) / changes,
  };
}

interface Change {
  readonly latency: number;
  readonly interval: number;
  readonly failed: number;
}

async function changeUntilStored(service: ChangingService, origin: Origin, which: 0 | 1): Promise<Change> {
  const { stored } = await service.watcher.watch(service.address);
  const began = monotonic();
  service.give(origin, which);
  const { at, intervalMs } = await stored;
  return { latency: at - began, interval: intervalMs, failed: 0 };
}

async function changeUntilMet(service: ChangingService, origin: Origin, which: 0 | 1): Promise<Change> {
  const met = service.caller.until(service.pod(origin, which), service.address);
  // The client is at it when the write comes.
  await delay(GAP_MS / 2);
  const began = monotonic();
  service.give(origin, which);
  const { began: dialled, answered, failed } = await met;
  return { latency: answered - began, interval: answered - dialled, failed };
}

function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function cpuMs(pid: number): number {
  return [...cpuByThread(pid).values()].reduce((sum, ns) => sum + ns, 0) / 1e6;
}

function storeFigures(what: string, origin: Origin, runs: readonly Run[]): Figure[] {
  const of = (figure: (run: Run) => number): number[] => runs.map(figure);
  return [
    ...latencies(what, runs, STORE_GOALS[origin]),
    { what: `${what}, images written for a change`, unit: "", goal: STORES_GOAL, runs: of(({ stores }) => stores) },
    { what: `${what}, CPU of the controller for a change`, unit: "ms", runs: of((run) => run.controllerMs) },
    { what: `${what}, CPU of the agent for a change`, unit: "ms", runs: of(({ agentMs }) => agentMs) },
  ];
}

function connectFigures(what: string, runs: readonly Run[]): Figure[] {
  const failed = runs.map((run) => run.failed);
  return [...latencies(what, runs), { what: `${what}, connects that failed`, unit: "", goal: 0, runs: failed }];
}

function latencies(what: string, runs: readonly Run[], goal?: number): Figure[] {
  const at = (q: number): number[] => runs.map(({ latencies }) => quantile(sorted(latencies), q));
  const isVoid = !runs.every(({ noise }) => isQuiet(noise));
  const note = "void: every second change differs from the others by more than 5 %";
  return [
    {
      what: `${what}, p50`,
      unit: "ms",
      runs: at(0.5),
      ...(goal !== undefined && { goal }),
      ...(isVoid && { isVoid, note }),
    },
    { what: `${what}, p99`, unit: "ms", runs: at(0.99) },
    { what: `${what}, noise: every second change to the others`, unit: "×", runs: runs.map(({ noise }) => noise) },
  ];
}

function flatness(origin: Origin, fewest: readonly Run[], most: readonly Run[]): Figure {
  const least = median(fewest.map((run) => median(run.latencies)));
  const runs = most.map((run) => median(run.latencies) / least);
  return { what: `store, ${origin}: p50 with most services to fewest`, unit: "×", goal: FLAT, runs };
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}
