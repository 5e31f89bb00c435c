/** The file system of pinned eBPF maps and programs, and the folder of a run in it. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkRunId } from "../plan/place.ts";
import { readMounts } from "./mounts.ts";

const BPFFS = "/sys/fs/bpf";

/** Mounts it where it is missing: a new machine has none. */
export function ensureBpffs(): void {
  if (readMounts().some(({ path, type }) => path === BPFFS && type === "bpf")) return;
  execFileSync("mount", ["-t", "bpf", "bpf", BPFFS]);
}

/** Pins of all nodes of a run. */
export function runPins(run: string): string {
  return join(BPFFS, "carrick", checkRunId(run));
}

/** Pins of one node (`london-n1`). */
export function ensurePins(run: string, machine: string): string {
  const path = join(runPins(run), machine);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

/** All entries below, as paths. */
export function listPins(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .map((entry) => join(path, entry))
    .sort();
}

export function removePins(run: string): void {
  const path = runPins(run);
  rmSync(path, { recursive: true, force: true });
  try {
    rmdirSync(dirname(path));
  } catch {
    // Of another run as well, or not there.
  }
}
