/** A cgroup2 subtree for each node: eBPF programs attach there, since all nodes of the lab share one kernel. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkRunId } from "../plan/place.ts";
import { type Mount, readMounts } from "./mounts.ts";

/** There is no cgroup2, or a subtree cannot be removed. */
export class CgroupError extends Error {
  override readonly name = "CgroupError";
}

const FOLDER = "carrick-lab";

/** Where cgroup2 is mounted; it may stand beside the first version. Throws `CgroupError`. */
export function cgroupRoot(mounts: readonly Mount[] = readMounts()): string {
  // The one that was mounted last hides the others.
  const found = mounts.findLast(({ type, root }) => type === "cgroup2" && root === "/");
  if (found !== undefined) return found.path;
  throw new CgroupError("no cgroup2 is mounted; mount it: mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none $_");
}

/** The subtree of a run. */
export function runCgroup(run: string): string {
  return join(cgroupRoot(), FOLDER, checkRunId(run));
}

/**
 * Makes the subtree of a machine of a run (`london-n1`), or one below it (`london-n1/pods/7`), if it is not there;
 * gives its path. Throws `CgroupError`.
 */
export function ensureCgroup(run: string, machine: string): string {
  if (machine.split("/").some((part) => part === "" || part.startsWith("."))) {
    throw new CgroupError(`"${machine}" names no cgroup of a run; write one like london-n1/pods/7`);
  }
  const path = join(runCgroup(run), machine);
  mkdirSync(path, { recursive: true });
  return path;
}

/** The subtree and all that is below, the deepest first. */
export function listCgroups(path: string): string[] {
  if (!existsSync(path)) return [];
  const below = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...below.flatMap(({ name }) => listCgroups(join(path, name))), path];
}

/** Processes in the subtree. */
export function processesOf(path: string): number[] {
  return listCgroups(path).flatMap((one) => {
    try {
      return readFileSync(join(one, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
    } catch (error) {
      // Removed meanwhile.
      if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENODEV")) return [];
      throw error;
    }
  });
}

/** Removes the subtree of a run, in which nothing lives any more. Throws `CgroupError`. */
export function removeCgroups(run: string): void {
  const top = runCgroup(run);
  for (const path of listCgroups(top)) remove(path);
  try {
    rmdirSync(dirname(top));
  } catch {
    // Of another run as well, or not there.
  }
}

function remove(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return;
    const left = processesOf(path);
    const why = left.length > 0 ? `processes ${left.join(", ")} are in it; end them` : String(code);
    throw new CgroupError(`${path}: cannot be removed: ${why}`, { cause: error });
  }
}
