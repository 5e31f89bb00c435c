import { appendFileSync, readFileSync, truncateSync } from "node:fs";
import type { ClusterName } from "@carrick/core/model";
import { MAX_CLUSTERS } from "../bpf/index.ts";

/** What the kernel's map of clusters holds; its first place is nobody's. */
export const CLUSTER_LIMIT = MAX_CLUSTERS - 1;

/**
 * Numbers for clusters. A number is given once and kept in a file beside what is pinned in the kernel, so that images and
 * health that are there already mean the same after a restart.
 */
export class ClusterIndexes {
  readonly #path: string;
  readonly #indexes = new Map<ClusterName, number>();
  /** Lines of the file: each is the number of its cluster. */
  #last = 0;

  /** Throws if the file is there and cannot be read. */
  constructor(path: string) {
    this.#path = path;
    for (const name of readLines(path)) {
      this.#last++;
      if (!this.#indexes.has(name)) this.#indexes.set(name, this.#last);
    }
  }

  nameOf(index: number): ClusterName | undefined {
    for (const [name, of] of this.#indexes) if (of === index) return name;
    return undefined;
  }

  /** From 1 to `CLUSTER_LIMIT`; undefined when all have been given to others. Throws when the number cannot be kept. */
  of(cluster: ClusterName): number | undefined {
    const known = this.#indexes.get(cluster);
    if (known !== undefined || this.#last >= CLUSTER_LIMIT) return known;
    appendFileSync(this.#path, `${cluster}\n`, { mode: 0o600, flush: true });
    this.#indexes.set(cluster, ++this.#last);
    return this.#last;
  }
}

/** A last line that was not wholly written was given to nobody: it goes, so that the next one begins a line. */
function readLines(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
  const whole = text.lastIndexOf("\n") + 1;
  if (whole < text.length) truncateSync(path, Buffer.byteLength(text.slice(0, whole)));
  return text.slice(0, whole).split("\n").slice(0, -1);
}
