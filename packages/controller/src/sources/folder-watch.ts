import { type FSWatcher, watch } from "node:fs";

/**
 * Watches a set of folders, each for itself: Node's recursive watch misses links that are replaced, which is how
 * mounted ConfigMaps change.
 */
export class FolderWatch {
  readonly #onChange: () => void;
  readonly #onLost: () => void;
  readonly #watchers = new Map<string, FSWatcher>();

  /** `onLost`: a folder is not watched any more although it was not given up. */
  constructor(onChange: () => void, onLost: () => void) {
    this.#onChange = onChange;
    this.#onLost = onLost;
  }

  get watching(): boolean {
    return this.#watchers.size > 0;
  }

  /** Watches these folders and no others. True if one is new: what changed in it before now was not noticed. */
  set(folders: readonly string[]): boolean {
    const wanted = new Set(folders);
    for (const folder of this.#watchers.keys()) if (!wanted.has(folder)) this.#drop(folder);
    let added = false;
    for (const folder of wanted) {
      if (this.#watchers.has(folder)) continue;
      const watcher = this.#open(folder);
      if (watcher === undefined) continue;
      watcher.on("error", () => {
        this.#drop(folder);
        this.#onLost();
      });
      this.#watchers.set(folder, watcher);
      added = true;
    }
    return added;
  }

  /** Where nothing can be watched any more (no inotify watch is left), the folder is looked at again from time to time. */
  #open(folder: string): FSWatcher | undefined {
    try {
      return watch(folder, this.#onChange);
    } catch {
      this.#onLost();
      return undefined;
    }
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #drop(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }
}
