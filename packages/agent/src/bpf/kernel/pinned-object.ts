/** An object whose maps are pinned in a folder, so that the next process finds them as they are. */
import { closeSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BpfMap } from "./bpf-map.ts";
import { BpfObject } from "./bpf-object.ts";
import { checked, libbpf } from "./libbpf.ts";
import { detach } from "./link.ts";

export interface PinnedOptions {
  readonly path: string;
  /** In the bpf file system. Maps are pinned in `maps`, links are to be pinned in `links`. */
  readonly folder: string;
  /** Sizes of maps that are not there yet, by name. What is there keeps its size. */
  readonly maxEntries?: Readonly<Record<string, number>>;
}

/** Throws `SystemError`; an error when a map that is pinned is another than the programs need. */
export function loadPinned({ path, folder, maxEntries }: PinnedOptions): BpfObject {
  const maps = join(folder, "maps");
  mkdirSync(maps, { recursive: true });
  mkdirSync(join(folder, "links"), { recursive: true });
  const existing = new Map(readdirSync(maps).map((name) => [name, openPinned(name, join(maps, name))]));
  try {
    const object = BpfObject.load({ path, existing, ...(maxEntries !== undefined && { maxEntries }) });
    for (const [name, map] of object.maps) {
      const pin = join(maps, name);
      // Maps of the compiler (.rodata) belong to one load.
      if (existing.has(name) || name.includes(".")) continue;
      checked(`pin map ${name} at ${pin}`, libbpf.pin(map.fd, pin));
    }
    return object;
  } finally {
    // The object has descriptors of its own.
    for (const { fd } of existing.values()) closeSync(fd);
  }
}

function openPinned(name: string, path: string): BpfMap {
  return new BpfMap(name, checked(`open map ${name} at ${path}`, libbpf.openPin(path)));
}

/** Takes the programs out of force and forgets the maps. Only for good: a process that stops leaves everything. */
export function uninstall(folder: string): void {
  const links = join(folder, "links");
  if (existsSync(links)) for (const name of readdirSync(links)) detach(join(links, name));
  rmSync(folder, { recursive: true, force: true });
}
