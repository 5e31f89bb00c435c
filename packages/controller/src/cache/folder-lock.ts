import { mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ConfigError } from "@carrick/core/config";

/**
 * Makes this process the only one that writes copies into a folder: two replicas would overwrite each other's. Throws
 * `ConfigError` while another one that lives has it. The returned function gives it up.
 */
export function lockFolder(folder: string): () => void {
  const file = join(folder, "owner");
  try {
    makeFolder(folder);
    const owner = readOwner(file);
    const own = self();
    // Whether a process of another container lives cannot be seen from here; its folder is its own by its mount.
    const lives = owner?.space === own.space && startOf(owner.pid) === owner.start;
    if (owner !== undefined && lives && owner.pid !== own.pid) {
      throw new ConfigError(
        `${folder}: process ${owner.pid} writes its copies there; give each replica a folder of its own under \`cache\``,
      );
    }
    writeFileSync(file, `${own.pid} ${own.start} ${own.space}\n`, { mode: 0o600 });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(
      `${folder}: \`cache\` of the configuration cannot be written (${why}); choose another folder`,
    );
  }
  return () => rmSync(file, { force: true });
}

/** Node's own `recursive` never ends where a folder exists and takes no others, as below /proc. */
function makeFolder(path: string): void {
  const make = () => mkdirSync(path, { mode: 0o700 });
  try {
    make();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    make();
  }
}

interface Owner {
  readonly pid: number;
  /** When it started, in clock ticks since boot: its number alone may have become another process'. */
  readonly start: string;
  /** In which numbers of processes are counted: every container has a process 1. */
  readonly space: string;
}

function readOwner(file: string): Owner | undefined {
  try {
    const [pid = "", start = "", space = ""] = readFileSync(file, "utf8").trim().split(" ");
    return { pid: Number(pid), start, space };
  } catch {
    // Nobody has it.
    return undefined;
  }
}

function self(): Owner {
  const space = `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${readlinkSync("/proc/self/ns/pid")}`;
  return { pid: process.pid, start: startOf(process.pid) ?? "", space };
}

function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses, which may hold anything.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    // It has ended.
    return undefined;
  }
}
