/** Sockets in the file system that only root can use. */
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import type { Server } from "node:net";
import { dirname, join } from "node:path";

/** `sun_path` in the kernel, with its NUL. */
export const MAX_PATH = 107;

/** Whether no socket can be there, or in the folder beside it in which it is made: `.new-`, six letters and `/s`. */
export function isTooLong(path: string): boolean {
  return Math.max(Buffer.byteLength(path), Buffer.byteLength(dirname(path)) + 14) > MAX_PATH;
}

/**
 * Listens there, in the place of what an agent that is gone has left. Made in a folder that nobody else enters, so that
 * it never stands anywhere with a mode other than 0600. Gives its inode.
 */
export async function listenPrivately(server: Server, path: string): Promise<number> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const folder = mkdtempSync(join(dirname(path), ".new-"));
  const made = join(folder, "s");
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(made, () => {
        server.off("error", reject);
        resolve();
      });
    });
    chmodSync(made, 0o600);
    const { ino } = lstatSync(made);
    renameSync(made, path);
    return ino;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An agent that came after this one may have put its own there. */
export function removeOwn(path: string, inode: number): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.ino === inode) rmSync(path, { force: true });
}
