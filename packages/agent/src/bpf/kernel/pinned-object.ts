/** An object whose maps are pinned in a folder, so that the next process finds them as they are. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
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
export function loadPinned(options: PinnedOptions): BpfObject {
  const existing = pinnedMaps(options.folder);
  try {
    return loadWith(options, existing);
  } finally {
    // The object has descriptors of its own.
    for (const map of existing.values()) map.close();
  }
}

/** The maps that are pinned in the folder, by name. Throws `SystemError`. */
export function pinnedMaps(folder: string): Map<string, BpfMap> {
  mkdirSync(join(folder, "maps"), { recursive: true });
  mkdirSync(join(folder, "links"), { recursive: true });
  return new Map(readdirSync(join(folder, "maps")).map((name) => [name, openPinned(name, mapPin(folder, name))]));
}

/** Loads with these maps, and pins those that are new and have no pin. */
export function loadWith(
  { path, folder, maxEntries }: PinnedOptions,
  existing: ReadonlyMap<string, BpfMap>,
): BpfObject {
  const object = BpfObject.load({ path, existing, ...(maxEntries !== undefined && { maxEntries }) });
  for (const [name, map] of object.maps) {
    const pin = mapPin(folder, name);
    // Maps of the compiler (.rodata) belong to one load.
    if (existsSync(pin) || name.includes(".")) continue;
    checked(`pin map ${name} at ${pin}`, libbpf.pin(map.fd, pin));
  }
  return object;
}

/** Pins the map in the place of another: the name leads to the one or to the other at any time. Throws `SystemError`. */
export function replacePin(folder: string, map: BpfMap): void {
  const pin = mapPin(folder, map.name);
  const fresh = `${join(folder, map.name)}-new`;
  rmSync(fresh, { force: true });
  checked(`pin map ${map.name} at ${fresh}`, libbpf.pin(map.fd, fresh));
  renameSync(fresh, pin);
}

function mapPin(folder: string, name: string): string {
  return join(folder, "maps", name);
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
