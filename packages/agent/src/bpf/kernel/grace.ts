/** Waiting until every program that runs now has ended, so that nobody reads what was unpublished before. */
import { readFileSync } from "node:fs";
import koffi from "koffi";
import type { BpfMap } from "./bpf-map.ts";

const library = koffi.load("libc.so.6");
const syscall = library.func("long syscall(long number, long a, long b, long c)") as unknown as {
  async(number: number, a: number, b: number, c: number, done: (error: Error | null, result: number) => void): void;
};

const SYS_MEMBARRIER: Readonly<Record<string, number>> = { x64: 324, arm64: 283 };
/** synchronize_rcu(). The expedited commands order memory and wait for nobody. */
const MEMBARRIER_CMD_GLOBAL = 1;

/** `1` in `0`, `0-3`, `0,2-3`: one CPU and no list. */
function isSingleCpu(): boolean {
  return /^\d+$/.test(readFileSync("/sys/devices/system/cpu/online", "utf8").trim());
}

/**
 * A grace period, off this thread: 8 ms on an idle machine, 20 to 80 under load. With one CPU online, `membarrier`
 * returns at once although a program may have been preempted; with nohz_full it is refused. Then a map of maps is
 * written, which waits for programs too. Throws `SystemError`.
 */
export async function gracePeriod(mapOfMaps: BpfMap, index: number, inner: BpfMap): Promise<void> {
  if (!isSingleCpu() && (await membarrier()) && !isSingleCpu()) return;
  await rewrite(mapOfMaps, index, inner);
}

/** Puts into the map of maps what is there, off this thread. Throws `SystemError`. */
export function rewrite(mapOfMaps: BpfMap, index: number, inner: BpfMap): Promise<void> {
  const key = new Uint8Array(Uint32Array.of(index).buffer);
  return mapOfMaps.updateAside(key, new Uint8Array(Int32Array.of(inner.fd).buffer));
}

/** Whether it was done. */
function membarrier(): Promise<boolean> {
  const number = SYS_MEMBARRIER[process.arch];
  if (number === undefined) return Promise.resolve(false);
  return new Promise((resolve, reject) => {
    syscall.async(number, MEMBARRIER_CMD_GLOBAL, 0, 0, (error, result) => {
      if (error === null) resolve(result === 0);
      else reject(error);
    });
  });
}
