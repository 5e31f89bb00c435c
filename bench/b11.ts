/** B11: what the controller needs, in memory and in CPU. */
import { measure } from "./measure/block.ts";
import { FLAT } from "./measure/figures.ts";
import { type Context, describe, makeHosts, runs, size, worldsOf } from "./measure/run.ts";
import { type Figure, median } from "./report/row.ts";
import type { Shape } from "./world/objects.ts";

const MB = 1_000_000;
/** New hosts; each is removed again, which is as many API writes once more. */
const CHANGES = 1000;

/** With the most memory that they may take. */
const WORLDS = [
  { hosts: 1000, clusters: 2, megabytes: 150 },
  { hosts: 5000, clusters: 20, megabytes: 250 },
];

interface Kind {
  readonly services: Shape["services"];
  readonly name: string;
  readonly smoke?: boolean;
}

/** A Service and an EndpointSlice in each cluster for every host are three times the objects of shared ones. */
const KINDS: readonly Kind[] = [
  { services: "own", name: "a Service for each host", smoke: true },
  { services: "shared", name: "shared Services" },
];

interface Measured {
  readonly readyMs: number;
  readonly loadedMs: number;
  readonly before: number;
  readonly after: number;
  readonly peak: number;
  /** CPU of a change in milliseconds. */
  readonly cpuMs: number;
}

export async function b11(context: Context): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { services, name } of worldsOf(context.effort, KINDS)) {
    const cpu: number[][] = [];
    for (const { hosts, clusters, megabytes } of WORLDS) {
      const shape: Shape = { clusters, hosts: size(context.effort, hosts), wildcards: 0, services, https: true };
      const all = await measureWorld(context, shape);
      cpu.push(all.map(({ cpuMs }) => cpuMs));
      figures.push(...figuresOf(describe(shape), megabytes, all));
    }
    const [small, large] = [median(cpu[0]!), cpu[1]!];
    const ratios = large.map((ms) => ms / small);
    figures.push({
      what: `CPU of a new host: ${name}, largest world to smallest`,
      unit: "×",
      goal: FLAT,
      runs: ratios,
    });
  }
  return figures;
}

function figuresOf(where: string, goal: number, all: readonly Measured[]): Figure[] {
  const of = (figure: (measured: Measured) => number): number[] => all.map(figure);
  return [
    { what: `memory with an Envoy: ${where}`, unit: "MB", goal, runs: of(({ before }) => before / MB) },
    { what: `memory after ${CHANGES} changes: ${where}`, unit: "MB", goal, runs: of(({ after }) => after / MB) },
    { what: `most memory ever: ${where}`, unit: "MB", runs: of(({ peak }) => peak / MB) },
    { what: `start until Envoys are served: ${where}`, unit: "ms", runs: of(({ readyMs }) => readyMs) },
    { what: `start until all objects are known: ${where}`, unit: "ms", runs: of(({ loadedMs }) => loadedMs) },
    { what: `CPU of a new host: ${where}`, unit: "ms", runs: of(({ cpuMs }) => cpuMs) },
  ];
}

async function measureWorld(context: Context, shape: Shape): Promise<Measured[]> {
  return runs(context, shape, async (running) => {
    const { controller } = running;
    const { readyMs, loadedMs } = controller;
    const before = controller.rssBytes();
    const { controllerMs: cpuMs } = await measure(running, makeHosts, size(context.effort, CHANGES));
    return { readyMs, loadedMs, before, after: controller.rssBytes(), peak: controller.peakBytes(), cpuMs };
  });
}
