/** A process held by a descriptor (pidfd): its number cannot become another's while it is held. */
import { close, systemCall, unlessCode } from "@carrick/agent/sys";
import { ProcessError } from "./tied-child.ts";

const syscall = systemCall("long syscall(long number, long a, long b, long c, long d)");
const pollCall = systemCall("int poll(void *descriptors, unsigned long count, int timeout)");

/** The same on all machines. */
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const SIGKILL = 9;
const POLLIN = 1;

export class ProcessHandle implements Disposable {
  readonly pid: number;
  readonly #fd: number;

  private constructor(pid: number, fd: number) {
    this.pid = pid;
    this.#fd = fd;
  }

  /** `undefined` when there is no such process. Throws `SystemError`. */
  static open(pid: number): ProcessHandle | undefined {
    const fd = unlessCode("ESRCH", () => syscall(`hold process ${pid}`, SYS_PIDFD_OPEN, pid, 0, 0, 0));
    return fd === undefined ? undefined : new ProcessHandle(pid, fd);
  }

  /** SIGKILL; no harm when it has ended. */
  kill(): void {
    unlessCode("ESRCH", () => syscall(`kill process ${this.pid}`, SYS_PIDFD_SEND_SIGNAL, this.#fd, SIGKILL, 0, 0));
  }

  /** Blocks this thread until it has ended. Throws `ProcessError` when it has not within `timeoutMs`. */
  waitUntilEnded(timeoutMs: number): void {
    // struct pollfd: the descriptor, what is waited for, what came.
    const pollfd = Buffer.alloc(8);
    pollfd.writeInt32LE(this.#fd, 0);
    pollfd.writeInt16LE(POLLIN, 4);
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const left = Math.max(0, Math.ceil(deadline - performance.now()));
      // A signal that is handled meanwhile ends the call early.
      const ready = unlessCode("EINTR", () => pollCall(`wait for process ${this.pid}`, pollfd, 1, left));
      if (ready === 1) return;
      if (ready === 0) break;
    }
    const why = "it is stuck in the kernel; /proc shows where";
    throw new ProcessError(`process ${this.pid}: has not ended ${Math.round(timeoutMs)} ms after SIGKILL: ${why}`);
  }

  [Symbol.dispose](): void {
    close(`let go of process ${this.pid}`, this.#fd);
  }
}
