/** What is mounted where, as /proc/self/mountinfo says it. */
import { readFileSync } from "node:fs";

export interface Mount {
  readonly path: string;
  /** `cgroup2`, `bpf`, `nsfs` */
  readonly type: string;
  /** Part of the file system that is mounted: `/`, or `net:[4026532177]`. */
  readonly root: string;
}

/** Pure (proc(5), /proc/pid/mountinfo). Lines that are none are left out. */
export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split("\n").flatMap((line): Mount[] => {
    const fields = line.split(" ");
    // Optional fields end with a hyphen of their own.
    const type = fields[fields.indexOf("-", 6) + 1];
    const [, , , root, path] = fields;
    if (root === undefined || path === undefined || type === undefined) return [];
    return [{ path: unescape(path), root: unescape(root), type }];
  });
}

export function readMounts(): Mount[] {
  return parseMounts(readFileSync("/proc/self/mountinfo", "utf8"));
}

/** Space, tab, newline and backslash are octal there. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
