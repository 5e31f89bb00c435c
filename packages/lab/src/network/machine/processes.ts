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
    using handles = new DisposableStack();
    const held = pidsOf(run).flatMap((pid) => ProcessHandle.open(pid) ?? []);
    for (const handle of held) handles.use(handle);
    // A number may have become another process's before it was held; what is held now is asked again.
    const still = new Set(pidsOf(run));
    const ours = held.filter(({ pid }) => still.has(pid));
    if (ours.length === 0) return killed;
    for (const handle of ours) handle.kill();
    for (const handle of ours) handle.waitUntilEnded(Math.max(0, deadline - performance.now()));
    killed += ours.length;
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
