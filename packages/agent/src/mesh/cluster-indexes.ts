import { appendFileSync, readFileSync } from "node:fs";
import type { ClusterName } from "@carrick/core/model";

/** What the kernel's map of clusters holds. */
const MOST = 1000;

/**
 * Numbers for clusters. A number is given once and kept in a file beside what is pinned in the kernel, so that images and
 * health that are there already mean the same after a restart.
 */
export class ClusterIndexes {
  readonly #path: string;
  readonly #indexes = new Map<ClusterName, number>();

  /** Throws if the file is there and cannot be read. */
  constructor(path: string) {
    this.#path = path;
    for (const name of readLines(path)) this.#indexes.set(name, this.#indexes.size + 1);
  }

  nameOf(index: number): ClusterName | undefined {
    for (const [name, of] of this.#indexes) if (of === index) return name;
    return undefined;
  }

  /** 1 or more. Throws when the number cannot be kept, or when there are too many. */
  of(cluster: ClusterName): number {
    const known = this.#indexes.get(cluster);
    if (known !== undefined) return known;
    const index = this.#indexes.size + 1;
    if (index > MOST) throw new Error(`cluster ${cluster} would be the ${index}th; a node knows ${MOST} at most`);
    appendFileSync(this.#path, `${cluster}\n`, { mode: 0o600, flush: true });
    this.#indexes.set(cluster, index);
    return index;
  }
}

/** A last line that was not wholly written was given to nobody. */
function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n").slice(0, -1);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
