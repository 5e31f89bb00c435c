/** A visit to another network namespace: there and back in one synchronous turn. */
import { closeSync, openSync, writeSync } from "node:fs";
import { systemCall, type SystemCall } from "../../sys/libc.ts";

const setns: SystemCall<[fd: number, type: number]> = systemCall("int setns(int fd, int type)");
const unshare: SystemCall<[flags: number]> = systemCall("int unshare(int flags)");
const CLONE_NEWNET = 0x4000_0000;

/**
 * Runs `visit` with the calling thread in the namespace of descriptor `namespace`. `visit` does synchronous work only:
 * what it leaves for later runs at home, and a thread that it starts (the pool of `fs`'s asynchronous calls among them)
 * would stay there for ever. Ends the process when the thread cannot come back: everything after would happen in the
 * wrong network. Throws `SystemError` when it cannot go, `TypeError` when `visit` is asynchronous.
 */
export function withinNamespace<T>(namespace: number, visit: () => T): T {
  return away(() => setns(`enter the network namespace of descriptor ${namespace}`, namespace, CLONE_NEWNET), visit);
}

/** Runs `visit` in a network namespace that is made for it; it ends with the visit unless something holds it. */
export function withinNewNamespace<T>(visit: () => T): T {
  return away(() => unshare("make a network namespace", CLONE_NEWNET), visit);
}

function away<T>(go: () => void, visit: () => T): T {
  // The thread's own: a worker may live elsewhere than the main thread, which is what /proc/self shows.
  const home = openSync("/proc/thread-self/ns/net", "r");
  try {
    go();
    try {
      const result = visit();
      if (isThenable(result)) throw new TypeError("a visit to a network namespace must be synchronous");
      return result;
    } finally {
      comeBack(home);
    }
  } finally {
    closeSync(home);
  }
}

function comeBack(home: number): void {
  try {
    setns("come back from a network namespace", home, CLONE_NEWNET);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    writeSync(2, `${why}: this process would go on in the wrong network, and ends\n`);
    // Works on worker threads too, where process.abort does not exist; the call does not return.
    process.kill(process.pid, "SIGKILL");
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
