/** The node's datapath in the kernel: loaded, taken over, attached. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  attachSocketPrograms,
  cgroup2Root,
  ClusterHealths,
  ensureBpfFilesystem,
  loadPinned,
  Ownership,
  PodPrograms,
  Publisher,
  ServiceMaps,
  ticksNow,
  WriterLock,
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

/** The datapath cannot be used here. One sentence with reason and fix. */
export class DatapathError extends Error {
  override readonly name = "DatapathError";
}

/** Takes over what an earlier agent left in the kernel, or begins. Throws `DatapathError`, `FencedError`, `SystemError`. */
export async function openDatapath({ bpf, runDir }: Pick<Config, "bpf" | "runDir">, log: Logger): Promise<Datapath> {
  const { sock, pod } = programObjects(bpf.objects);
  for (const path of [sock, pod]) {
    if (!existsSync(path))
      throw new DatapathError(`${path}: is missing; build it with clang, or name its folder by bpf.objects`);
  }
  ensureBpfFilesystem();
  const lock = WriterLock.take(join(runDir, "writer.lock"));
  try {
    const sizes = { frontends: bpf.frontends, heads: bpf.services, backends: bpf.backends };
    const folder = join(bpf.folder, "services");
    const object = loadPinned({ path: sock, folder, maxEntries: sizes });
    const services = new ServiceMaps((name) => object.map(name));
    const publisher = await Publisher.open(services, new Ownership(services.owner), ticksNow);
    const cgroup = bpf.cgroup ?? cgroup2Root();
    for (const { program, state, error } of attachSocketPrograms(object, cgroup, folder)) {
      if (error === undefined) log.info({ program, state, cgroup }, "socket program is in force");
      else log.error({ program, err: error }, "socket program is not in force; what was there before stays");
    }
    const podFolder = join(bpf.folder, "pods");
    const pods = new PodPrograms(loadPinned({ path: pod, folder: podFolder }), podFolder);
    const healths = new ClusterHealths(services.health);
    return { publisher, healths, services, pods, release: () => lock.release() };
  } catch (error) {
    lock.release();
    throw error;
  }
}
