/** The lab: how long it takes to be there, and what memory it needs with everything in it. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { listProcesses, takeDown } from "../packages/lab/src/network/index.ts";
import { CHECKOUT } from "../packages/lab/src/process/checkout.ts";
import { proportionalBytes } from "./measure/memory.ts";
import type { Context } from "./measure/run.ts";
import { Caller, startEcho } from "./mesh/caller.ts";
import { GLOBAL, globalAddress, globalService, slice } from "./mesh/services.ts";
import { inMesh, type Mesh } from "./mesh/world.ts";
import type { Figure } from "./report/row.ts";

const GB = 1_000_000_000;
const RANGES = [96, 97];

interface Run {
  readonly networkMs: number;
  /** Until a pod of one cluster has met a pod of the other by a Service. */
  readonly meshMs: number;
  readonly bytes: number;
  readonly apiServers: number;
}

/** Two clusters of two nodes, as `carrick lab up` has them. */
export async function lab(context: Context): Promise<Figure[]> {
  const runs: Run[] = [];
  for (let number = 1; number <= context.effort.runs; number++) {
    context.progress(`run ${number} of ${context.effort.runs}`);
    const networkMs = await upAndDown();
    const began = performance.now();
    runs.push(
      await inMesh(context, { london: 2, paris: 2 }, async (mesh) => {
        await meet(mesh);
        return { networkMs, meshMs: performance.now() - began, ...memoryOf(mesh) };
      }),
    );
  }
  return figuresOf(runs);
}

async function upAndDown(): Promise<number> {
  const run = `b${randomBytes(4).toString("hex")}`;
  const began = performance.now();
  try {
    const { status, stderr } = spawnSync(join(CHECKOUT, "carrick"), ["lab", "up", "--run", run], { encoding: "utf8" });
    if (status !== 0) throw new Error(`carrick lab up: ${stderr}`);
    return performance.now() - began;
  } finally {
    await takeDown(run);
  }
}

/** A pod on each node, a Service that all of them answer, and a first connect from London to each of them. */
async function meet({ clusters, stack }: Mesh): Promise<void> {
  const pods = await Promise.all(
    clusters.map(async ({ name, nodes, api }, at) => {
      const own = await Promise.all(nodes.map((node, i) => node.addPod(`${name}-${i + 1}`)));
      for (const pod of own) await startEcho(pod, stack);
      api.objects.apply(globalService(RANGES[at]));
      api.objects.apply(
        slice(
          GLOBAL,
          own.map(({ ipv4 }) => ipv4),
        ),
      );
      return own;
    }),
  );
  const caller = await Caller.start(pods[0]![0]!, stack);
  for (const pod of pods.flat()) await caller.until(pod, globalAddress(RANGES[0]));
}

/** API servers of a benchmark are in its own process, whose memory is counted with them. */
function memoryOf({ run }: Mesh): Pick<Run, "bytes" | "apiServers"> {
  const own = proportionalBytes(process.pid);
  const others = listProcesses(run).reduce((sum, { pid }) => sum + proportionalBytes(pid), 0);
  return { bytes: own + others, apiServers: own };
}

function figuresOf(runs: readonly Run[]): Figure[] {
  const of = (figure: (run: Run) => number): number[] => runs.map(figure);
  return [
    {
      what: "carrick lab up: the network of 2 × 2 nodes",
      unit: "s",
      goal: 15,
      runs: of((run) => run.networkMs / 1000),
    },
    {
      what: "network, control planes, agents, pods, until pods of all nodes have answered one",
      unit: "s",
      goal: 15,
      runs: of((run) => run.meshMs / 1000),
    },
    { what: "memory of all of it", unit: "GB", goal: 1.5, runs: of(({ bytes }) => bytes / GB) },
    {
      what: "of which in the process of the API servers and the benchmark",
      unit: "GB",
      runs: of((run) => run.apiServers / GB),
    },
  ];
}
