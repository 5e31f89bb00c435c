/** The service map of a node, from nothing or from what the last agent left. */
import { ensureBpfFilesystem, Growth, loadPinned } from "./kernel/index.ts";
import { ClusterHealths, Ownership, Publisher, ServiceMaps, WriterLock } from "./services/index.ts";
import { type Attachment, attachSocketPrograms, type SocketProgram } from "./socket-programs.ts";
import { ticksNow } from "./ticks.ts";

export interface ServiceMapOptions {
  /** The compiled socket programs. */
  readonly object: string;
  /** For pins, in the bpf file system: one for each node. */
  readonly folder: string;
  /** Of the one writer. */
  readonly lock: string;
  /** Whose sockets get the services: a folder of the cgroup2 tree. */
  readonly cgroup: string;
  /** All when not given. */
  readonly programs?: readonly SocketProgram[];
  /** What is there already grows to these sizes, and does not shrink. */
  readonly limits?: ServiceMapLimits;
}

export interface ServiceMapLimits {
  /** Addresses, ports and protocols of services, and one for each address: 65,536 when not given. */
  readonly frontends?: number;
  /** Services, and one: 65,536 when not given. */
  readonly heads?: number;
  /** Endpoints of services with affinity or UDP pins: 524,288 when not given. */
  readonly backends?: number;
  /** Clients that have a backend by affinity: 65,536 when not given. It keeps the size that it once has. */
  readonly affinity?: number;
}

const GROWING = ["frontends", "heads", "backends"];

export interface ServiceMap {
  readonly publisher: Publisher;
  readonly health: ClusterHealths;
  readonly maps: ServiceMaps;
  /** Programs that are not in force have an error; services are served by the others. */
  readonly attachments: readonly Attachment[];
  /** Another process may write. Everything stays in force. */
  release(): void;
}

/**
 * Serves on what the last agent published, by new programs. Throws `LockHeldError` when that one still runs,
 * `SystemError` when the programs cannot be loaded; then everything is as it was. Nothing ends when this process does.
 */
export async function openServiceMap(options: ServiceMapOptions): Promise<ServiceMap> {
  const { object: path, folder, cgroup, limits } = options;
  const lock = WriterLock.take(options.lock);
  try {
    ensureBpfFilesystem();
    const growth = new Growth({ path, folder, ...(limits !== undefined && { maxEntries: { ...limits } }) }, GROWING);
    const { object } = growth;
    const maps = new ServiceMaps((name) => object.map(name));
    const publisher = await Publisher.open(maps, new Ownership(maps.owner), ticksNow);
    const health = new ClusterHealths(maps.health);
    // Last: a program that is in force finds maps that are filled.
    const attachments = attachSocketPrograms(object, cgroup, folder, options.programs);
    const failed = attachments.find(({ error }) => error !== undefined);
    if (growth.grown.length > 0 && failed !== undefined) {
      // Some programs would read maps that nobody writes: all go back to those that are pinned.
      attachSocketPrograms(loadPinned({ path, folder }), cgroup, folder, options.programs);
      throw failed.error;
    }
    growth.keep();
    return { publisher, health, maps, attachments, release: () => lock.release() };
  } catch (error) {
    lock.release();
    throw error;
  }
}
