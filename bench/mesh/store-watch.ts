/**
 * A program that sees when a Service's image changes in the kernel: `store-watch.ts MAPS`, where MAPS is the folder of
 * pinned maps. An address a line; answers `watching`, then CLOCK_MONOTONIC in ns when it saw the new image, and how
 * long before that it looked last.
 */
import { createInterface } from "node:readline";
import { NodeKernel } from "./node-kernel.ts";

const PACE_MS = 0.02;
const LONGEST_NS = 30_000_000_000n;

const kernel = NodeKernel.at(process.argv[2]!);
const pause = new Int32Array(new SharedArrayBuffer(4));

function watch(address: string): void {
  const slot = kernel.slot(address)!;
  const before = kernel.generationAt(slot);
  process.stdout.write("watching\n");
  const began = process.hrtime.bigint();
  for (let last = began; ;) {
    const now = process.hrtime.bigint();
    if (kernel.generationAt(slot) !== before) {
      process.stdout.write(`${now} ${now - last}\n`);
      return;
    }
    if (now - began > LONGEST_NS) throw new Error(`${address}: the same image for ${LONGEST_NS} ns`);
    last = now;
    // Timers of Node are too coarse for this.
    Atomics.wait(pause, 0, 0, PACE_MS);
  }
}

createInterface({ input: process.stdin }).on("line", watch);
