/** Many changes one after the other, and what each of them cost. */
import { setTimeout as delay } from "node:timers/promises";
import type { Envoy } from "../../packages/lab/src/envoy/index.ts";
import { now } from "../../packages/lab/src/load/index.ts";
import type { Controller } from "../world/controller.ts";
import type { World } from "../world/world.ts";
import type { Change, Changes } from "./changes.ts";

/** What serves a world during one run. */
export interface Running {
  readonly world: World;
  readonly controller: Controller;
  readonly envoy: Envoy;
  readonly changes: Changes;
  /** CPU in milliseconds that passes in a millisecond without changes. */
  readonly idle: { readonly envoyMain: number; readonly controller: number };
}

/** Makes so many changes of one kind, which have not been made before. */
export type Make = (changes: Changes, count: number) => readonly Change[] | Promise<readonly Change[]>;

export interface Block {
  /** From the sending of the write until the first right answer was there, in milliseconds. */
  readonly latencies: readonly number[];
  /** From the sending of the write to the API server's answer. */
  readonly writes: readonly number[];
  /** From one sample to the next, when the change was seen. */
  readonly intervals: readonly number[];
  /** Bytes of xDS responses, of a change. */
  readonly bytes: number;
  /** CPU time in milliseconds of a change, without what passes in the same time without changes. */
  readonly envoyMainMs: number;
  readonly controllerMs: number;
  /** Updates of listeners that Envoy took, in all. */
  readonly listenerUpdates: number;
}

/** Between two changes at least, and as much again by chance, so that changes keep step with no timer. */
const GAP_MS = 10;
/** Changes are undone after so many, so that a world keeps its size. Even: an endpoint is replaced there and back. */
const ROUND = 20;

/** Makes and measures `count` changes; afterwards the world is as it was. */
export async function measure(running: Running, make: Make, count: number): Promise<Block> {
  const rounds: Round[] = [];
  for (let made = 0; made < count; made += ROUND) {
    rounds.push(await measureRound(running, await make(running.changes, Math.min(ROUND, count - made))));
    await running.changes.undo();
    await running.controller.restored();
  }
  const all = (of: (round: Round) => readonly number[]): number[] => rounds.flatMap(of);
  const sum = (of: (round: Round) => number): number => rounds.reduce((total, round) => total + of(round), 0);
  const { idle } = running;
  const elapsed = sum((round) => round.elapsed);
  return {
    latencies: all((round) => round.latencies),
    writes: all((round) => round.writes),
    intervals: all((round) => round.intervals),
    bytes: sum((round) => round.bytes) / count,
    envoyMainMs: (sum((round) => round.envoyMain) - elapsed * idle.envoyMain) / count,
    controllerMs: (sum((round) => round.controller) - elapsed * idle.controller) / count,
    listenerUpdates: sum((round) => round.listenerUpdates),
  };
}

/** Sums over the changes of a round; times in milliseconds. */
interface Round extends Pick<Block, "latencies" | "writes" | "intervals" | "listenerUpdates"> {
  readonly bytes: number;
  readonly elapsed: number;
  readonly envoyMain: number;
  readonly controller: number;
}

async function measureRound(running: Running, changes: readonly Change[]): Promise<Round> {
  const { controller, envoy } = running;
  for (const change of changes) await change.prepare?.();
  await controller.settled();
  const { bytes } = await controller.sent();
  const listeners = await listenerUpdates(envoy);
  const latencies: number[] = [];
  const writes: number[] = [];
  const intervals: number[] = [];
  const began = cpu(running);
  for (const change of changes) {
    await change.unseen();
    const seen = change.seen();
    const at = now();
    const written = change.write().then(() => now());
    const [{ at: seenAt, intervalMs }, writtenAt] = await Promise.all([seen, written]);
    latencies.push(seenAt - at);
    writes.push(writtenAt - at);
    intervals.push(intervalMs);
    await delay(GAP_MS * (1 + Math.random()));
  }
  const ended = cpu(running);
  await controller.settled();
  return {
    latencies,
    writes,
    intervals,
    bytes: (await controller.sent()).bytes - bytes,
    elapsed: ended.at - began.at,
    envoyMain: ended.envoyMain - began.envoyMain,
    controller: ended.controller - began.controller,
    listenerUpdates: (await listenerUpdates(envoy)) - listeners,
  };
}

/** Measures for `ms` what passes without changes. */
export async function measureIdle(
  running: Pick<Running, "envoy" | "controller">,
  ms: number,
): Promise<Running["idle"]> {
  const before = cpu(running);
  await delay(ms);
  const after = cpu(running);
  const elapsed = after.at - before.at;
  return {
    envoyMain: (after.envoyMain - before.envoyMain) / elapsed,
    controller: (after.controller - before.controller) / elapsed,
  };
}

function cpu({ envoy, controller }: Pick<Running, "envoy" | "controller">) {
  return {
    at: now(),
    envoyMain: (envoy.cpuByThread().get("main") ?? Number.NaN) / 1e6,
    controller: controller.cpuMs(),
  };
}

async function listenerUpdates(envoy: Envoy): Promise<number> {
  const name = "listener_manager.lds.update_success";
  return (await envoy.stats(/^listener_manager\.lds\.update_success$/)).get(name) ?? Number.NaN;
}
