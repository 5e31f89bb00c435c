/** The node's datapath in the kernel: loaded, taken over, attached. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  cgroup2Root,
  type ClusterHealths,
  ensureBpfFilesystem,
  holdsPins,
  isCgroup2,
  loadPinned,
  openServiceMap,
  PodPrograms,
  type Publisher,
  type ServiceMaps,
} from "./bpf/index.ts";
import type { Config } from "./config/schema.ts";
import type { Logger } from "./log.ts";
import { programObjects } from "./program-objects.ts";

export interface Datapath {
  readonly publisher: Publisher;
  readonly healths: ClusterHealths;
  readonly services: ServiceMaps;
  readonly pods: PodPrograms;
  /** Another agent may take over. Everything in the kernel stays and serves on. */
  release(): void;
}

export type DatapathLog = Pick<Logger, "info" | "warn" | "error">;

/** The datapath cannot be used here. One sentence with reason and fix. */
export class DatapathError extends Error {
  override readonly name = "DatapathError";
}

/**
 * Takes over what an earlier agent left in the kernel, or begins. Throws `DatapathError`, `LockHeldError`, `SystemError`.
 */
export async function openDatapath(
  { bpf, runDir }: Pick<Config, "bpf" | "runDir">,
  log: DatapathLog,
): Promise<Datapath> {
  const { sock, pod } = programObjects(bpf.objects);
  for (const path of [sock, pod]) {
    if (!existsSync(path))
      throw new DatapathError(`${path}: is missing; install it beside the agent, or name its folder by bpf.objects`);
  }
  const cgroup = cgroupOf(bpf.cgroup);
  ensureBpfFilesystem();
  if (!holdsPins(bpf.folder))
    throw new DatapathError(`bpf.folder: ${bpf.folder} is in no bpf file system; name a folder under /sys/fs/bpf`);
  const map = await openServiceMap({
    object: sock,
    folder: join(bpf.folder, "services"),
    lock: join(runDir, "writer.lock"),
    cgroup,
    limits: { frontends: bpf.frontends, heads: bpf.services, backends: bpf.backends },
  });
  try {
    for (const { program, state, error } of map.attachments) {
      if (error === undefined) log.info({ program, state, cgroup }, "socket program is in force");
      else log.error({ program, err: error }, "socket program is not in force; what was there before stays");
    }
    const podFolder = join(bpf.folder, "pods");
    const pods = new PodPrograms(loadPinned({ path: pod, folder: podFolder }), podFolder);
    const { publisher, health: healths, maps: services } = map;
    return { publisher, healths, services, pods, release: () => map.release() };
  } catch (error) {
    map.release();
    throw error;
  }
}

/** Throws `DatapathError`: without it, no socket would reach a Service. */
function cgroupOf(configured: string | undefined): string {
  if (configured === undefined) return cgroup2Root();
  if (!isCgroup2(configured))
    throw new DatapathError(`bpf.cgroup: ${configured} is no cgroup of version 2; name one, or leave it out for all`);
  return configured;
}
