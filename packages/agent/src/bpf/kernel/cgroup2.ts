/** Where the cgroup2 tree is, to which programs are attached. */
import { readFileSync } from "node:fs";

/** Its mount point by `/proc/self/mountinfo`, proc(5): hybrid machines have it beside the trees of version 1. */
export function cgroup2Root(mountinfo = readFileSync("/proc/self/mountinfo", "utf8")): string {
  for (const line of mountinfo.split("\n")) {
    const [mount = "", filesystem = ""] = line.split(" - ");
    const [, , , root, point] = mount.split(" ");
    if (filesystem.startsWith("cgroup2 ") && root === "/" && point !== undefined) return unescape(point);
  }
  throw new Error("no cgroup2 file system is mounted, so no program can be attached to pods; mount one");
}

/** Spaces, tabs, newlines and backslashes are written in octal. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
