/** B16: what an agent needs, and what its restart costs. */
import { setTimeout as delay } from "node:timers/promises";
import { cpuByThread, rssBytes } from "../packages/lab/src/envoy/index.ts";
import { isQuiet, quietly } from "./measure/abba.ts";
import { peakBytes } from "./measure/memory.ts";
import { slowdown } from "./measure/processor-share.ts";
import { type Context, size } from "./measure/run.ts";
import { AgentProbe } from "./mesh/agent-probe.ts";
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
import { until } from "./mesh/until.ts";
import { type BenchNode, inMesh, type MeshCluster } from "./mesh/world.ts";
import type { Figure } from "./report/row.ts";

const MB = 1_000_000;
const SERVICES = 10_000;
const ENDPOINTS = 5;
/** Services that change while there is no agent. */
const CHANGES = 100;
/** Over which the CPU of an idle agent is taken. */
const IDLE_WINDOWS = { full: 10_000, smoke: 500 };
/** An agent that used less than this share of a processor in the last window has done what it had to. */
const QUIET_SHARE = 0.05;
/** Connects of a burst, and the pause between bursts: about 1,500 in a second. */
const BURST = 20;
const PAUSE_MS = 10;

interface Run {
  readonly memory: number;
  readonly peak: number;
  /** Thousandths of a processor. */
  readonly idle: number;
  readonly readyMs: number;
  readonly inSyncMs: number;
  /** CPU in milliseconds, of all threads, from the start of the process until it is in sync. */
  readonly cpuMs: number;
  readonly connects: number;
  readonly failed: number;
  /** By how much longer work took than its CPU time, before the restart. */
  readonly noise: number;
}

export async function b16(context: Context): Promise<Figure[]> {
  const { effort } = context;
  const services = size(effort, SERVICES);
  return inMesh(context, { london: 1 }, async ({ clusters: [london], stack }) => {
    const node = london!.nodes[0]!;
    const [client, backend] = [await node.addPod("client"), await node.addPod("backend")];
    await startEcho(backend, stack);
    const caller = await Caller.start(client, stack);
    const probe = await AgentProbe.start(node.place, stack);
    context.progress(`${services} services`);
    for (const object of [globalService(), slice(GLOBAL, [backend.ipv4])]) london!.api.objects.apply(object);
    offer(london!, services, 0);
    await until(`${services} services in the kernel`, () => everyOne(services, (n) => imageOf(node, n) !== 0));
    await caller.targets([globalAddress()]);
    const runs: Run[] = [];
    let round = 0;
    for (let number = 1; number <= effort.runs; number++) {
      context.progress(`${services} services: run ${number} of ${effort.runs}`);
      const { result, noise } = await quietly(async () => {
        const noise = slowdown();
        return { result: await restart({ london: london!, node, probe, caller, services, round: ++round }), noise };
      });
      runs.push({ ...result, noise, ...(await idle(node, effort.smoke)) });
    }
    return figuresOf(services, runs);
  });
}

function offer({ api }: MeshCluster, services: number, round: number, every = 1): void {
  for (let n = 0; n < services; n += every) {
    // The last endpoint is another in each round.
    const endpoints = Array.from({ length: ENDPOINTS }, (_, i) => absentPod(n * (ENDPOINTS + 1) + i));
    endpoints[ENDPOINTS - 1] = absentPod(n * (ENDPOINTS + 1) + ENDPOINTS - 1 + (round % 2));
    for (const object of serviceObjects(n, endpoints)) api.objects.apply(object);
  }
}

function imageOf({ kernel }: BenchNode, n: number): number {
  return kernel.generation(serviceAddress(n));
}

function everyOne(services: number, holds: (n: number) => boolean, every = 1): boolean {
  for (let n = 0; n < services; n += every) if (!holds(n)) return false;
  return true;
}

interface RestartInputs {
  readonly london: MeshCluster;
  readonly node: BenchNode;
  readonly probe: AgentProbe;
  readonly caller: Caller;
  readonly services: number;
  /** How often it was restarted, with this time. */
  readonly round: number;
}

/** Ends the agent, changes Services, starts it again while a pod goes on to connect. */
async function restart({ london, node, probe, caller, services, round }: RestartInputs) {
  const load = startLoad(caller);
  await node.agent.kill();
  const every = Math.max(1, Math.floor(services / CHANGES));
  const before = Array.from({ length: services }, (_, n) => imageOf(node, n));
  offer(london, services, round, every);
  const began = performance.now();
  await node.agent.again();
  await probe.ready();
  const readyMs = performance.now() - began;
  await until("what has changed is in the kernel", () =>
    everyOne(services, (n) => imageOf(node, n) !== before[n], every),
  );
  const inSyncMs = performance.now() - began;
  return { readyMs, inSyncMs, cpuMs: cpuMs(node.agent.now.pid), ...(await load.end()) };
}

function startLoad(caller: Caller): { end(): Promise<{ readonly connects: number; readonly failed: number }> } {
  const stop = new AbortController();
  let connects = 0;
  let failed = 0;
  const running = (async () => {
    for (; !stop.signal.aborted; connects += BURST) {
      const burst = await caller.time(BURST);
      failed += burst.failed;
      await delay(PAUSE_MS);
    }
  })();
  return {
    end: async () => {
      stop.abort();
      await running;
      return { connects, failed };
    },
  };
}

/** Waits until the agent has nothing left to do, and watches it doing nothing. */
async function idle({ agent }: BenchNode, smoke: boolean) {
  const { pid } = agent.now;
  const share = async (ms: number): Promise<number> => {
    const [cpu, at] = [cpuMs(pid), performance.now()];
    await delay(ms);
    return (cpuMs(pid) - cpu) / (performance.now() - at);
  };
  await until("the agent is idle", async () => (await share(500)) < QUIET_SHARE);
  const used = await share(smoke ? IDLE_WINDOWS.smoke : IDLE_WINDOWS.full);
  return { idle: used * 1000, memory: rssBytes(pid) / MB, peak: peakBytes(pid) / MB };
}

function cpuMs(pid: number): number {
  return [...cpuByThread(pid).values()].reduce((sum, ns) => sum + ns, 0) / 1e6;
}

function figuresOf(services: number, runs: readonly Run[]): Figure[] {
  const where = `${services.toLocaleString("en")} services with ${(services * ENDPOINTS).toLocaleString("en")} endpoints`;
  const of = (figure: (run: Run) => number): number[] => runs.map(figure);
  const isVoid = !runs.every(({ noise }) => isQuiet(noise)) && {
    isVoid: true,
    note: "void: other programs use the processors, so that work takes more than 5 % longer than its CPU time",
  };
  return [
    { what: `memory: ${where}`, unit: "MB", goal: 150, runs: of(({ memory }) => memory) },
    { what: `most memory ever: ${where}`, unit: "MB", runs: of(({ peak }) => peak) },
    { what: `CPU with nothing to do: ${where}`, unit: "mCPU", goal: 10, runs: of((run) => run.idle) },
    { what: `restart until ready: ${where}`, unit: "ms", runs: of(({ readyMs }) => readyMs), ...isVoid },
    { what: `restart until in sync: ${where}`, unit: "ms", goal: 2000, runs: of((run) => run.inSyncMs), ...isVoid },
    { what: `noise, wall time of work to its CPU time: ${where}`, unit: "×", runs: of(({ noise }) => noise) },
    { what: `CPU of the agent until in sync: ${where}`, unit: "ms", runs: of((run) => run.cpuMs) },
    { what: `connects meanwhile: ${where}`, unit: "", runs: of(({ connects }) => connects) },
    { what: `connects meanwhile that failed: ${where}`, unit: "", goal: 0, runs: of(({ failed }) => failed) },
  ];
}
