/** One change of a run at a time. */
import { once } from "node:events";
import { createServer } from "node:net";
import { checkRunId } from "../plan/place.ts";

/** Another process changes the run. */
export class RunLockedError extends Error {
  override readonly name = "RunLockedError";
}

/**
 * Runs `change` while no other process changes this run. The lock is an abstract unix socket: it leaves no file, and
 * ends with its process however that ends. Throws `RunLockedError`.
 */
export async function withRunLock<T>(run: string, change: () => T | Promise<T>): Promise<T> {
  const lock = createServer();
  lock.listen({ path: `\0carrick-lab/${checkRunId(run)}` });
  try {
    await once(lock, "listening");
  } catch (error) {
    const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    if (!taken) throw error;
    throw new RunLockedError(`run ${run}: another process changes it now; wait until it has ended, or end it`);
  }
  try {
    return await change();
  } finally {
    lock.close();
    await once(lock, "close");
  }
}
