/** Processes of a run, whoever started them: those in its network namespaces and those in its cgroups. */
import { readdirSync, readlinkSync, statSync } from "node:fs";
import { listNamespaces, namespacePath } from "@carrick/agent/net";
import { ProcessHandle } from "../../process/process-handle.ts";
import { runPrefix } from "../plan/place.ts";
import { processesOf, runCgroup } from "./cgroups.ts";

export interface RunProcess {
  readonly pid: number;
  readonly command: string;
}

/** Processes that do not end within this are stuck in the kernel. */
const DEADLINE_MS = 10_000;

export function listProcesses(run: string): RunProcess[] {
  return pidsOf(run).map((pid) => ({ pid, command: commandOf(pid) }));
}

/**
 * Kills them and waits until they have ended, again until there is none: a process may have started another meanwhile.
 * Gives how many there were. Throws `ProcessError` when one does not end.
 */
export function killProcesses(run: string): number {
  const deadline = performance.now() + DEADLINE_MS;
  let killed = 0;
  for (;;) {
    const pids = pidsOf(run);
    if (pids.length === 0) return killed;
    for (const pid of pids) {
      using handle = ProcessHandle.open(pid);
      // The number may be another process's by now: what the handle holds is asked again.
      if (handle === undefined || !pidsOf(run).includes(pid)) continue;
      handle.kill();
      handle.waitUntilEnded(Math.max(0, deadline - performance.now()));
      killed++;
    }
  }
}

function pidsOf(run: string): number[] {
  const prefix = runPrefix(run);
  const inodes = new Set(
    listNamespaces()
      .filter((name) => name.startsWith(prefix))
      .map((name) => inodeOf(namespacePath(name))),
  );
  inodes.delete(undefined);
  const inNetwork = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid && inodes.has(inodeOf(`/proc/${pid}/ns/net`)));
  return [...new Set([...inNetwork, ...processesOf(runCgroup(run)).filter((pid) => pid !== process.pid)])].sort(
    (a, b) => a - b,
  );
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    // The process has ended.
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return "(ended)";
  }
}
