/** What can be seen without being root: compiled programs, file systems, tools. */
import { accessSync, constants, existsSync, readFileSync, statfsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { BPF_FILESYSTEM, isBpfFilesystem } from "../bpf/kernel/bpf-filesystem.ts";
import { cgroup2Root } from "../bpf/kernel/cgroup2.ts";
import type { ProgramObjects } from "../program-objects.ts";
import { look } from "./look.ts";
import type { Finding } from "./needs.ts";

/** `CGROUP2_SUPER_MAGIC`. */
const CGROUP2 = 0x63_67_72_70;
const BUILDERS = ["clang", "bpftool"] as const;

export function findObjects({ sock, pod }: ProgramObjects, path?: string): Finding {
  const missing = [sock, pod].filter((file) => !existsSync(file));
  if (missing.length === 0) return { met: `compiled programs ${sock} and ${pod}` };
  const tools = BUILDERS.filter((tool) => !isInPath(tool, path));
  const without = tools.length > 0 ? `, and to build them ${tools.join(" and ")} would have to be installed` : "";
  return { missing: `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing${without}` };
}

export function findBpfFilesystem(at = BPF_FILESYSTEM): Finding {
  const mounted = existsSync(at) && isBpfFilesystem(at);
  return mounted ? { met: `the bpf file system is at ${at}` } : { missing: `${at} is no bpf file system` };
}

/** Of the configuration, or the root of the tree. */
export function findCgroup(
  configured: string | undefined,
  mountinfo = readFileSync("/proc/self/mountinfo", "utf8"),
): { readonly finding: Finding; readonly folder?: string } {
  let folder: string | undefined;
  const finding = look("", () => {
    folder = configured ?? cgroup2Root(mountinfo);
    if (!existsSync(folder)) throw new Error(`${folder} does not exist`);
    if (statfsSync(folder).type !== CGROUP2) throw new Error(`${folder} is in no tree of cgroup2`);
  });
  if (folder === undefined || !("met" in finding)) return { finding };
  return { finding: { met: `cgroups of ${folder}` }, folder };
}

/** Also where tools of root are, which others do not have in their `PATH`. */
export function isInPath(tool: string, path = process.env["PATH"] ?? ""): boolean {
  return [...path.split(delimiter), "/usr/sbin"].some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return folder !== "";
    } catch {
      // The next folder is looked at.
      return false;
    }
  });
}
