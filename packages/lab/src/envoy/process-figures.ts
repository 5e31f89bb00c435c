/** What Linux says about a process: CPU by thread and resident memory. */
import { readFileSync, readdirSync } from "node:fs";

/** CPU time in nanoseconds by thread name (`main` for the first); threads of one name are added up. */
export function cpuByThread(pid: number): Map<string, number> {
  const figures = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const schedstat = readIfThere(`/proc/${pid}/task/${thread}/schedstat`);
    const comm = readIfThere(`/proc/${pid}/task/${thread}/comm`);
    if (schedstat === undefined || comm === undefined) continue;
    const name = thread === String(pid) ? "main" : comm.trim();
    figures.set(name, (figures.get(name) ?? 0) + Number(schedstat.split(" ")[0]));
  }
  return figures;
}

/** Resident memory in bytes. */
export function rssBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  if (match === null) throw new Error(`/proc/${pid}/status: no VmRSS; the process has ended`);
  return Number(match[1]) * 1024;
}

/** A thread may end between the listing and the reading. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")) {
      return undefined;
    }
    throw error;
  }
}
