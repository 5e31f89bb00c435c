import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../config/load.ts";

/**
 * Makes this process the only one that writes copies into a folder: two replicas would overwrite each other's. Throws
 * `ConfigError` while another one that lives has it. The returned function gives it up.
 */
export function lockFolder(folder: string): () => void {
  const file = join(folder, "owner");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const owner = readOwner(file);
    if (owner !== undefined && owner.pid !== process.pid && startOf(owner.pid) === owner.start) {
      throw new ConfigError(
        `${folder}: process ${owner.pid} writes its copies there; give each replica a folder of its own under \`cache\``,
      );
    }
    writeFileSync(file, `${process.pid} ${startOf(process.pid)}\n`, { mode: 0o600 });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(
      `${folder}: \`cache\` of the configuration cannot be written (${why}); choose another folder`,
    );
  }
  return () => rmSync(file, { force: true });
}

function readOwner(file: string): { readonly pid: number; readonly start: string } | undefined {
  try {
    const [pid = "", start = ""] = readFileSync(file, "utf8").trim().split(" ");
    return { pid: Number(pid), start };
  } catch {
    // Nobody has it.
    return undefined;
  }
}

/** When a process started, in clock ticks since boot: its number alone may have become another process'. */
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
