import { readFileSync } from "node:fs";
import type { Check } from "@carrick/core/report";
import { BPF_FILESYSTEM } from "../bpf/kernel/bpf-filesystem.ts";
import type { Config } from "../config/schema.ts";
import { listRuleset } from "../net/nftables/nft.ts";
import { programObjects } from "../program-objects.ts";
import { judge } from "./judge.ts";
import { findLibbpf } from "./libbpf.ts";
import { reasonOf } from "./look.ts";
import type { Finding, Findings, NeedName } from "./needs.ts";
import { findBpfFilesystem, findCgroup, findObjects, isInPath } from "./node-files.ts";
import { rightsOf } from "./rights.ts";

/** What `kernel-trials.ts` finds. */
const TRIALS = ["pins", "socketPrograms", "cgroupLinks", "podPrograms", "tcx", "veth"] as const satisfies NeedName[];

/** Looks at everything on this node. Nothing is changed, and nothing stays. */
export async function examine(
  config: Pick<Config, "bpf" | "cni"> | undefined,
  isRoot = process.geteuid?.() === 0,
): Promise<Check[]> {
  const objects = programObjects(config?.bpf.objects);
  const cgroup = findCgroup(config?.bpf.cgroup);
  const seen = {
    rights: rightsOf(readFileSync("/proc/self/status", "utf8"), isRoot),
    libbpf: findLibbpf(),
    objects: findObjects(objects),
    bpfFilesystem: findBpfFilesystem(),
    cgroup: cgroup.finding,
    nft: await findNft(isRoot),
  } as const satisfies Findings;
  const blocked = !isRoot ? "only root can" : "met" in seen.libbpf ? undefined : "libbpf is missing";
  const tried =
    blocked === undefined
      ? // What imports libbpf.
        (await import("./kernel-trials.ts")).tryKernel({
          objects: "met" in seen.objects ? objects : undefined,
          cgroup: cgroup.folder,
          pins: "met" in seen.bpfFilesystem ? BPF_FILESYSTEM : undefined,
        })
      : untried(blocked);
  const pods = config === undefined ? "maybe" : config.cni === undefined ? "no" : "yes";
  return judge({ ...seen, ...tried }, pods);
}

function untried(unseen: string): Findings {
  return Object.fromEntries(TRIALS.map((name) => [name, { unseen }]));
}

async function findNft(isRoot: boolean): Promise<Finding> {
  if (!isRoot && !isInPath("nft")) return { missing: "there is no nft" };
  if (!isRoot) return { unseen: "only root can" };
  try {
    await listRuleset("list nftables", ["tables"]);
    return { met: "nft is there, and the kernel answers it" };
  } catch (error) {
    return { missing: reasonOf(error) };
  }
}
