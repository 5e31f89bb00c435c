/** What Linux says of the memory of processes. */
import { readFileSync } from "node:fs";

/** The most memory that was ever resident. */
export function peakBytes(pid: number): number {
  return kilobytes(`/proc/${pid}/status`, "VmHWM") * 1024;
}

/** Its own memory, and its share of what it has together with other processes. */
export function proportionalBytes(pid: number): number {
  return kilobytes(`/proc/${pid}/smaps_rollup`, "Pss") * 1024;
}

function kilobytes(path: string, field: string): number {
  const line = readFileSync(path, "utf8")
    .split("\n")
    .find((one) => one.startsWith(`${field}:`));
  if (line === undefined) throw new Error(`${path}: no ${field}; the process has ended`);
  return Number(/\d+/.exec(line)![0]);
}
