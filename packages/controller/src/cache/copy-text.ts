import type { ClusterName, Kind } from "@carrick/core/model";
import type { RowLines } from "./row-lines.ts";

/** To be raised when the rows of any kind change their shape: older copies are then not read. */
const FORMAT = 2;
const PUT = "+";
const DELETED = "-";

/** The first line of a copy. Then come its rows, then what has changed since, one line each. */
interface Header {
  readonly format: number;
  readonly cluster: ClusterName;
  readonly kind: Kind;
  /** Rows that stood in it when it was written as a whole. */
  readonly rows: number;
}

export function headerLine(cluster: ClusterName, kind: Kind, rows: number): string {
  const header: Header = { format: FORMAT, cluster, kind, rows };
  return `${JSON.stringify(header)}\n`;
}

export function putLine<T>(key: string, row: T, lines: RowLines<T>): string {
  return `${PUT}${key} ${lines.write(row)}\n`;
}

export function deletedLine(key: string): string {
  return `${DELETED}${key}\n`;
}

/** Puts a copy together again, line by line. */
export class CopyReader<T> {
  readonly #cluster: ClusterName;
  readonly #kind: Kind;
  readonly #lines: RowLines<T>;
  readonly #rows = new Map<string, T>();
  #header: Partial<Header> | undefined;
  #read = 0;

  constructor(cluster: ClusterName, kind: Kind, lines: RowLines<T>) {
    this.#cluster = cluster;
    this.#kind = kind;
    this.#lines = lines;
  }

  /** `last`: nothing comes behind it, so it may have been cut when the process was killed. Throws if it is no line of ours. */
  line(line: string, last: boolean): void {
    if (this.#header === undefined) {
      this.#header = JSON.parse(line) as Partial<Header>;
      this.#check(this.#header);
      return;
    }
    try {
      this.#apply(line);
      this.#read++;
    } catch (error) {
      // Only a change can have been cut: the rows before it were written as a whole.
      if (!last || this.#read < (this.#header.rows ?? 0)) throw error;
    }
  }

  /** Throws if rows are missing of those that were written as a whole. */
  rows(): T[] {
    const whole = this.#header?.rows;
    if (whole === undefined) throw new Error("is empty");
    if (this.#read < whole) throw new Error(`has ${this.#read} of ${whole} rows`);
    return [...this.#rows.values()];
  }

  #check({ format, cluster, kind }: Partial<Header>): void {
    if (format !== FORMAT) throw new Error(`is of format ${format ?? "unknown"}, not ${FORMAT}`);
    if (cluster !== this.#cluster || kind !== this.#kind) throw new Error("is of another cluster or kind");
  }

  #apply(line: string): void {
    const space = line.indexOf(" ");
    if (line.startsWith(DELETED)) this.#rows.delete(line.slice(1));
    else if (line.startsWith(PUT) && space > 0)
      this.#rows.set(line.slice(1, space), this.#lines.read(line.slice(space + 1)));
    else throw new Error("has a line that is none of a copy");
  }
}
