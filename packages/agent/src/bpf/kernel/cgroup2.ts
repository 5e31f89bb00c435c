/** Where the cgroup2 tree is, to which programs are attached. */
import { readFileSync, statfsSync } from "node:fs";

/** `CGROUP2_SUPER_MAGIC`. */
const MAGIC = 0x63_67_72_70;

/** Its mount point by `/proc/self/mountinfo`, proc(5): hybrid machines have it beside the trees of version 1. */
export function cgroup2Root(mountinfo = readFileSync("/proc/self/mountinfo", "utf8")): string {
  for (const line of mountinfo.split("\n")) {
    const [mount = "", filesystem = ""] = line.split(" - ");
    const [, , , root, point] = mount.split(" ");
    if (filesystem.startsWith("cgroup2 ") && root === "/" && point !== undefined) return unescape(point);
  }
  throw new Error("no cgroup2 file system is mounted, so no program can be attached to pods; mount one");
}

/** Whether programs can be attached to this folder; not when it is not there. */
export function isCgroup2(path: string): boolean {
  try {
    return statfsSync(path).type === MAGIC;
  } catch {
    return false;
  }
}

/** Spaces, tabs, newlines and backslashes are written in octal. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
