/** The files of a run, and what a run that was killed has left. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

const SOCKETS_PREFIX = "carrick-demo-";

/** The demo cannot start: one sentence with path, reason and fix. */
export class DemoError extends Error {
  override readonly name = "DemoError";
}

export interface RunFolder {
  /** Configuration, keys, logs of this run. */
  readonly folder: string;
  readonly logs: string;
  /** For unix sockets, whose paths have to be short. */
  readonly sockets: string;
  /** Removes everything but the logs. */
  remove(): void;
}

/** What stands in `run.json`: the process of a run, and its folder outside of `folder`. */
interface Owner {
  readonly pid: number;
  /** Since boot, in clock ticks: a pid alone may have become another process. */
  readonly startTime: string;
  readonly sockets: string;
}

/**
 * Makes the folder anew, after what a killed run has left there is removed (its processes ended with it). Throws
 * `DemoError` while another run lives.
 */
export function openRunFolder(folder: string): RunFolder {
  const ownerFile = join(folder, "run.json");
  const left = readOwner(ownerFile);
  if (left !== undefined) {
    if (processStartTime(left.pid) === left.startTime) {
      throw new DemoError(`${folder}: a demo runs here already as process ${left.pid}; end it with Ctrl-C first`);
    }
    rmSync(left.sockets, { recursive: true, force: true });
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const sockets = join(tmpdir(), `${SOCKETS_PREFIX}${randomBytes(6).toString("hex")}`);
  const owner: Owner = { pid: process.pid, startTime: processStartTime(process.pid) ?? "", sockets };
  // Before the folder is made: whenever this process is killed, the next run knows what is left.
  writeFileSync(ownerFile, JSON.stringify(owner), { mode: 0o600 });
  mkdirSync(sockets, { mode: 0o700 });
  const logs = join(folder, "logs");
  return {
    folder,
    logs,
    sockets,
    remove: () => {
      rmSync(sockets, { recursive: true, force: true });
      for (const entry of ["run.json", "files", "data", "cache"]) {
        rmSync(join(folder, entry), { recursive: true, force: true });
      }
    },
  };
}

/** Whoever wrote the file: only a folder that a run may have made is ever removed. */
function readOwner(file: string): Owner | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // None is there, or its writer was killed while writing; then nothing else had been made.
    return undefined;
  }
  const { pid, startTime, sockets } = Object(value) as Partial<Record<keyof Owner, unknown>>;
  if (typeof pid !== "number" || typeof startTime !== "string" || typeof sockets !== "string") return undefined;
  if (dirname(sockets) !== tmpdir() || !basename(sockets).startsWith(SOCKETS_PREFIX)) return undefined;
  return { pid, startTime, sockets };
}

/** Field 22 of `/proc/<pid>/stat`; `undefined` when there is no such process. */
function processStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses, which may hold anything.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
