/**
 * An object whose pinned maps are replaced by larger ones, without a gap. It begins while nobody writes: what the
 * programs in force read stays as it is, and the new maps have the same content, until every link has its new program.
 * Who is interrupted before `keep` begins again with the maps as they were.
 */
import type { BpfMap } from "./bpf-map.ts";
import type { BpfObject } from "./bpf-object.ts";
import { loadWith, pinnedMaps, type PinnedOptions, replacePin } from "./pinned-object.ts";

export class Growth {
  readonly object: BpfObject;
  /** Names of the maps that are larger than the pinned ones. */
  readonly grown: readonly string[];
  readonly #folder: string;

  /** `growing`: names of the maps that may. Throws as `loadPinned`. */
  constructor(options: PinnedOptions, growing: readonly string[]) {
    this.#folder = options.folder;
    const existing = pinnedMaps(options.folder);
    try {
      this.grown = growing.filter((name) => {
        const there = existing.get(name)?.facts.maxEntries;
        return there !== undefined && (options.maxEntries?.[name] ?? 0) > there;
      });
      const kept = new Map([...existing].filter(([name]) => !this.grown.includes(name)));
      this.object = loadWith(options, kept);
      for (const name of this.grown) copy(existing.get(name)!, this.object.map(name));
    } finally {
      for (const map of existing.values()) map.close();
    }
  }

  /** The larger maps are the ones from now on. Throws `SystemError`. */
  keep(): void {
    for (const name of this.grown) replacePin(this.#folder, this.object.map(name));
  }
}

/** Throws when they are not alike. */
function copy(from: BpfMap, to: BpfMap): void {
  to.expect(from.facts.keySize, from.facts.valueSize);
  if (to.isMapped) new Uint8Array(to.memory()).set(new Uint8Array(from.memory()));
  else if (to.updateAll([...from.entries()]).length > 0)
    throw new Error(`map ${to.name} with ${to.facts.maxEntries} entries cannot hold those of the one before it`);
}
