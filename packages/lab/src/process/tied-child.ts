/** Child processes that end with this process, however it ends. */
import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";

/** A process could not be started, or did not become what was asked of it: one sentence with path, reason and fix. */
export class ProcessError extends Error {
  override readonly name = "ProcessError";
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface TiedChild {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves when the process has ended, however it ended, and its piped output has been read. */
  readonly exited: Promise<Exit>;
  alive(): boolean;
  /** SIGTERM, then SIGKILL after `graceMs` (5,000); resolves when it has ended. */
  stop(graceMs?: number): Promise<Exit>;
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<Exit>;
}

export interface TiedChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly stdio: StdioOptions;
  /** Replaces the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly place?: ProcessPlace;
}

/** Where a process runs, when not where this one does. It is there before its command begins. */
export interface ProcessPlace {
  /** Path of a network namespace: `/run/netns/cr-demo-london-n1`. */
  readonly namespace?: string;
  /** Path of a cgroup (version 2). */
  readonly cgroup?: string;
  /** Path of a file that it sees as `/etc/hosts`. */
  readonly hosts?: string;
}

/** Children that still run; killed when this process ends in any way that runs its exit handlers. */
const running = new Set<ChildProcess>();
let killsAtExit = false;

/**
 * Starts a process. `setpriv` makes the kernel kill it when this process dies, even by SIGKILL, and then becomes the
 * command (same pid). Throws `ProcessError` when there is no `setpriv`; a command or a place that is missing ends with
 * another code than 0 and a line on its error output.
 */
export async function spawnTied({ command, args, stdio, env, place = {} }: TiedChildOptions): Promise<TiedChild> {
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", ...goTo(place), command, ...args], {
    stdio,
    // A session of its own: Ctrl-C in a terminal reaches this process alone, which then ends its children in order.
    detached: true,
    ...(env !== undefined && { env }),
  });
  running.add(child);
  if (!killsAtExit) {
    killsAtExit = true;
    process.on("exit", () => {
      for (const left of running) left.kill("SIGKILL");
    });
  }
  const exited = new Promise<Exit>((resolve) => {
    const ended = (exit: Exit): void => {
      running.delete(child);
      resolve(exit);
    };
    // `close` comes after `exit`, when everything that it printed has been read.
    child.once("close", (code, signal) => ended({ code, signal }));
    child.once("error", () => ended({ code: null, signal: null }));
  });
  await spawned(child, command);

  const alive = (): boolean => child.exitCode === null && child.signalCode === null;
  const kill = (): Promise<Exit> => {
    if (alive()) child.kill("SIGKILL");
    return exited;
  };
  const stop = async (graceMs = 5000): Promise<Exit> => {
    if (alive()) child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    try {
      return await exited;
    } finally {
      clearTimeout(timer);
    }
  };
  return { child, pid: child.pid!, exited, alive, stop, kill };
}

/**
 * Each step becomes the next by `exec`, so the pid stays and the tie holds. The shell writes itself into the cgroup: a
 * parent that did it afterwards would come too late for what the command does first.
 */
function goTo({ namespace, cgroup, hosts }: ProcessPlace): string[] {
  return [
    ...(cgroup === undefined ? [] : ["sh", "-c", 'echo 0 > "$0/cgroup.procs" && exec "$@"', cgroup]),
    ...(namespace === undefined ? [] : ["nsenter", `--net=${namespace}`, "--"]),
    ...(hosts === undefined
      ? []
      : ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts]),
  ];
}

function spawned(child: ChildProcess, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) => {
      reject(
        new ProcessError(
          `${command}: cannot be started: ${error.message}; install util-linux (setpriv) if it is missing`,
        ),
      );
    });
  });
}
