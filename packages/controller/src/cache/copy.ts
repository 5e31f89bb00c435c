import { createReadStream } from "node:fs";
import { appendFile, mkdir, open, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { ClusterName, Kind } from "@carrick/core/model";
import { CopyReader, deletedLine, headerLine, putLine } from "./copy-text.ts";
import type { RowLines } from "./row-lines.ts";

const ROWS_PER_CHUNK = 500;
/** A copy is written as a whole again when it has so many changes, and more of them than rows. */
const FEW_CHANGES = 1000;
/** Changes that wait for the disk. */
const MOST_WAITING = 10_000;

export interface CopyOptions<T> {
  readonly folder: string;
  readonly cluster: ClusterName;
  readonly kind: Kind;
  /** The rows as they are now, by key. */
  readonly rows: () => Iterable<readonly [key: string, row: T]>;
  readonly lines: () => RowLines<T>;
  /** One sentence without the path. */
  readonly onProblem: (sentence: string) => void;
}

/**
 * What one source said last of one kind, on disk. Written as a whole once everything has been told; from then on each
 * change is appended at once, so that it is there even if the process is killed in the next moment.
 */
export class Copy<T> {
  readonly path: string;
  readonly #options: CopyOptions<T>;
  #whole = false;
  /** Rows when it was last written as a whole, and changes since. */
  #rows = 0;
  #changes = 0;
  /** A change could not be written. */
  #gap = false;
  /** Lines to append. */
  #lines: string[] = [];
  #rewrite = false;
  #writing: Promise<void> | undefined;

  constructor(options: CopyOptions<T>) {
    this.#options = options;
    this.path = join(options.folder, options.cluster, `${options.kind}.jsonl`);
  }

  /** What is on disk; `undefined` if nothing is. Throws if it cannot be read, is of another format or not whole. */
  async read(): Promise<T[] | undefined> {
    const { cluster, kind, lines } = this.#options;
    const reader = new CopyReader(cluster, kind, lines());
    const stream = createReadStream(this.path);
    try {
      let before: string | undefined;
      for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
        if (before !== undefined) reader.line(before, false);
        before = line;
      }
      if (before !== undefined) reader.line(before, true);
      return reader.rows();
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    } finally {
      stream.destroy();
    }
  }

  /** Everything has been told: what stands in the tables is the copy from now on. */
  complete(): void {
    if (this.#whole) return;
    this.#whole = true;
    this.rewrite();
  }

  changed(key: string, row: T | undefined): void {
    if (!this.#whole) return;
    if (this.#lines.length >= MOST_WAITING) {
      // A disk that hangs must not cost memory: it is written as a whole when it takes something again.
      this.#lines = [];
      this.#gap = true;
    }
    this.#lines.push(row === undefined ? deletedLine(key) : putLine(key, row, this.#options.lines()));
    this.#go();
  }

  /** Writes it as a whole once more. */
  rewrite(): void {
    if (!this.#whole) return;
    this.#rewrite = true;
    this.#go();
  }

  /** Resolves when everything is on disk that was said until now. */
  async written(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** What is said in one turn goes to disk together. */
  #go(): void {
    this.#writing ??= Promise.resolve()
      .then(() => this.#write())
      .finally(() => {
        this.#writing = undefined;
        if (this.#rewrite || this.#lines.length > 0) this.#go();
      });
  }

  async #write(): Promise<void> {
    const lines = this.#lines;
    this.#lines = [];
    try {
      if (this.#rewrite || this.#gap || this.#isLong()) {
        this.#rewrite = false;
        await this.#writeWhole();
        return;
      }
      this.#changes += lines.length;
      await appendFile(this.path, lines.join(""), { mode: 0o600 });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#options.onProblem(`cannot be written: ${why}`);
      // A copy with a gap is worse than an old one: the next change writes it as a whole.
      this.#gap = true;
    }
  }

  /** More of it are changes than rows. */
  #isLong(): boolean {
    return this.#changes > FEW_CHANGES && this.#changes > this.#rows;
  }

  /** Rows that change meanwhile are written as they were or as they are; their change is appended in any case. */
  async #writeWhole(): Promise<void> {
    const { cluster, kind } = this.#options;
    const lines = this.#options.lines();
    const rows = [...this.#options.rows()];
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const unfinished = `${this.path}.new`;
    {
      await using file = await open(unfinished, "w", 0o600);
      await file.write(headerLine(cluster, kind, rows.length));
      for (let i = 0; i < rows.length; i += ROWS_PER_CHUNK) {
        const chunk = rows.slice(i, i + ROWS_PER_CHUNK).map(([key, row]) => putLine(key, row, lines));
        await file.write(chunk.join(""));
      }
    }
    await rename(unfinished, this.path);
    this.#rows = rows.length;
    this.#changes = 0;
    this.#gap = false;
  }
}
