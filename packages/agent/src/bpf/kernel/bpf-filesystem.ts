/** The file system of pins, which keeps maps and links while no process holds them. */
import { existsSync, mkdirSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { systemCall, type SystemCall } from "../../sys/libc.ts";

/** `BPF_FS_MAGIC`. */
const MAGIC = 0xca_fe_4a_11;

const mount: SystemCall<[source: string, target: string, type: string, flags: number, data: null]> = systemCall(
  "int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)",
);

export const BPF_FILESYSTEM = "/sys/fs/bpf";

/** Throws when there is no such folder. */
export function isBpfFilesystem(at: string): boolean {
  return statfsSync(at).type === MAGIC;
}

/** Mounts it where it is not, which is so on a machine that has just started. Throws `SystemError`. */
export function ensureBpfFilesystem(at = BPF_FILESYSTEM): void {
  mkdirSync(at, { recursive: true });
  if (isBpfFilesystem(at)) return;
  mount(`mount the bpf file system at ${at}`, "bpf", at, "bpf", 0, null);
}

/** Whether what is made at this absolute path can be a pin, the folders above it included that are not there yet. */
export function holdsPins(path: string): boolean {
  if (!existsSync(path)) return dirname(path) !== path && holdsPins(dirname(path));
  return isBpfFilesystem(path);
}
