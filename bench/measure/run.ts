/** A world is built once; controller and Envoy start anew for every run, so that runs differ as processes do. */
import { rmSync } from "node:fs";
import { hostName, KNOWN_SERVICE, type Shape } from "../world/objects.ts";
import { Sampler } from "../world/sampler.ts";
import { startWorld, type World } from "../world/world.ts";
import { type Make, type Running, measure, measureIdle } from "./block.ts";
import { Changes } from "./changes.ts";

/** How much is measured. */
export interface Effort {
  /** Only shows that the benchmark works: worlds marked `smoke`, and those small. */
  readonly smoke: boolean;
  readonly runs: number;
  /** Changes of a block. */
  readonly changes: number;
  /** For how long the machine is watched before anything changes. */
  readonly idleMs: number;
}

export interface Context {
  readonly effort: Effort;
  /** Where worlds keep their files. */
  readonly folder: string;
  progress(what: string): void;
}

/** Changes before those that count: code that is not compiled yet, connections that are not open. */
const WARM_UP = 20;

const SMOKE_SHRINK = 50;

/** A number of hosts or changes, as far as the effort goes. */
export function size({ smoke }: Effort, full: number): number {
  return smoke ? Math.ceil(full / SMOKE_SHRINK) : full;
}

/** The worlds that are measured, of all that a benchmark has. */
export function worldsOf<T extends { readonly smoke?: boolean }>({ smoke }: Effort, all: readonly T[]): readonly T[] {
  return smoke ? all.filter((world) => world.smoke === true) : all;
}

/** New hosts for a Service that other hosts have: the change that everything is warmed up with. */
export const makeHosts: Make = (changes, count) => changes.hosts(count);

/** Builds a world, uses it, takes it down. */
export async function inWorld<T>(context: Context, shape: Shape, use: (world: World) => Promise<T>): Promise<T> {
  context.progress(`${describe(shape)}: building`);
  const world = await startWorld(shape, context.folder);
  try {
    const result = await use(world);
    await world.close();
    rmSync(context.folder, { recursive: true, force: true });
    return result;
  } catch (error) {
    // The logs stay.
    await world.close();
    throw error;
  }
}

/** One run over a world with controller and Envoy, after a warm-up. */
async function run<T>(
  context: Context,
  world: World,
  number: number,
  measureRun: (running: Running) => Promise<T>,
): Promise<T> {
  const { effort } = context;
  context.progress(`${describe(world.shape)}: run ${number} of ${effort.runs}`);
  const controller = await world.startController();
  const envoy = await world.startEnvoy(controller);
  const edge = world.shape.https ? world.https : world.http;
  const sampler = await Sampler.connect(edge, hostName(KNOWN_SERVICE));
  try {
    const changes = new Changes(world, sampler, String(number));
    const cold: Running = { world, controller, envoy, changes, idle: { envoyMain: 0, controller: 0 } };
    await measure(cold, makeHosts, Math.min(WARM_UP, effort.changes));
    return await measureRun({ ...cold, idle: await measureIdle(cold, effort.idleMs) });
  } finally {
    sampler.close();
    await envoy.stop();
    await controller.stop();
  }
}

/** All runs of a world. */
export async function runs<T>(
  context: Context,
  shape: Shape,
  measureRun: (running: Running) => Promise<T>,
): Promise<T[]> {
  return inWorld(context, shape, async (world) => {
    const results: T[] = [];
    for (let number = 1; number <= context.effort.runs; number++) {
      results.push(await run(context, world, number, measureRun));
    }
    return results;
  });
}

export function describe({ hosts, clusters, wildcards, services, https }: Shape): string {
  const wild = wildcards === 0 ? "" : ` and ${wildcards.toLocaleString("en")} wildcards`;
  const own = services === "own" ? "" : ", shared services";
  return `${https ? "HTTPS" : "HTTP"}, ${hosts.toLocaleString("en")} hosts${wild} × ${clusters}${own}`;
}
