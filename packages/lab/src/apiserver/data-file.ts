/**
 * The file that a server's objects outlive it in: one line of JSON for each change, appended before the change is
 * answered. What the kernel has been given survives a kill of the process, so nothing is synced to the disk.
 */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import type { EventType } from "./entry.ts";
import { isJsonObject, readObject } from "./kube-object.ts";
import type { StoredObject } from "./kube-object.ts";

export type LogRecord =
  /** `KEPT` is an object of a rewritten file, whose changes are forgotten. */
  | { readonly type: EventType | "KEPT"; readonly resource: string; readonly object: StoredObject }
  /** Everything up to this version is forgotten. */
  | { readonly type: "COMPACTED"; readonly version: number };

export function objectLine(type: EventType | "KEPT", resource: string, json: string): string {
  return `{"type":"${type}","resource":"${resource}","object":${json}}\n`;
}

export function compactedLine(version: number): string {
  return `{"type":"COMPACTED","version":${version}}\n`;
}

export class DataFile {
  readonly #path: string;
  /** -1 when it is closed: a number that was given back may be another file's by now. */
  #file: number;
  #bytes = 0;
  #lines = 0;

  /** Calls `on` for every record that the file has. A last line that was not finished is cut off. */
  constructor(path: string, on: (record: LogRecord) => void) {
    this.#path = path;
    const content = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    for (let end = content.indexOf(10); end !== -1; end = content.indexOf(10, this.#bytes)) {
      this.#lines += 1;
      try {
        on(readRecord(content.toString("utf8", this.#bytes, end)));
      } catch (error) {
        const reason = "this line is no record of the server's data: remove the file to start empty";
        throw new Error(`${path}:${this.#lines}: ${reason}`, { cause: error });
      }
      this.#bytes = end + 1;
    }
    this.#file = openSync(path, "a", 0o600);
    ftruncateSync(this.#file, this.#bytes);
  }

  /** Lines since the file was written anew. */
  get lines(): number {
    return this.#lines;
  }

  /** Appends one line. Throws, and leaves the file as it was, if it cannot be written. */
  append(line: string): void {
    if (this.#file === -1) throw new Error(`${this.#path}: the server is closed`);
    const bytes = Buffer.from(line);
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written);
    } catch (error) {
      ftruncateSync(this.#file, this.#bytes);
      throw error;
    }
    this.#bytes += bytes.length;
    this.#lines += 1;
  }

  /** Puts these lines in the place of everything. */
  rewrite(lines: readonly string[]): void {
    const next = `${this.#path}.next`;
    const content = lines.join("");
    writeFileSync(next, content, { mode: 0o600 });
    renameSync(next, this.#path);
    closeSync(this.#file);
    this.#file = openSync(this.#path, "a");
    this.#bytes = Buffer.byteLength(content);
    this.#lines = lines.length;
  }

  close(): void {
    if (this.#file === -1) return;
    closeSync(this.#file);
    this.#file = -1;
  }
}

function readRecord(line: string): LogRecord {
  const record: unknown = JSON.parse(line);
  if (!isJsonObject(record)) throw new Error("it is no object");
  const { type, version, resource, object } = record;
  if (type === "COMPACTED" && typeof version === "number") return { type, version };
  if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED" && type !== "KEPT") throw new Error("unknown type");
  if (typeof resource !== "string") throw new Error("it names no resource");
  return { type, resource, object: readObject(object) as StoredObject };
}
