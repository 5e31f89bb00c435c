/** `./carrick demo` as a process, watched from outside. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));
const LAUNCHER = join(CHECKOUT, "carrick");

export interface DemoFigures {
  readonly ok: boolean;
  readonly fault?: number;
  readonly error?: string;
  readonly steps: readonly {
    readonly step: number;
    readonly ok: boolean;
    readonly error?: string;
    readonly checks: readonly { readonly claim: string; readonly met: boolean }[];
  }[];
}

export class DemoProcess {
  readonly #child: ChildProcess;
  #output = "";

  /** `terminal` gives it one of its own, where it stays up until Ctrl-C. */
  constructor(args: readonly string[], env: NodeJS.ProcessEnv, terminal = false) {
    const command = [LAUNCHER, "demo", ...args];
    const [program = "", ...rest] = terminal
      ? ["script", "--quiet", "--flush", "--return", "--command", `exec ${command.join(" ")}`, "/dev/null"]
      : command;
    // Standard input stays open: `script` ends its program when it is closed.
    this.#child = spawn(program, rest, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    const collect = (chunk: Buffer): void => {
      this.#output += chunk.toString();
    };
    this.#child.stdout!.on("data", collect);
    this.#child.stderr!.on("data", collect);
  }

  get output(): string {
    return this.#output;
  }

  /** Waits until the output matches. Throws, with the output, when the process ends first. */
  async says(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#output)) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`the demo ended before it said ${pattern}:\n${this.#output}`);
      }
      await this.#said();
    }
  }

  /** Resolves at the next output, or at the end. */
  #said(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = (): void => {
      this.#child.stdout!.off("data", done);
      this.#child.off("close", done);
      resolve();
    };
    this.#child.stdout!.on("data", done);
    this.#child.on("close", done);
    return promise;
  }

  /** All processes under this one, with it; of a terminal's only what it runs. */
  family(): number[] {
    return descendants(this.#child.pid!);
  }

  /** What a person's Ctrl-C does in a terminal. */
  pressCtrlC(): void {
    this.#child.stdin!.write("\u0003");
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** The exit code; `null` when a signal ended it. */
  async exited(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "close");
    return this.#child.exitCode;
  }
}

export function readFigures(): DemoFigures {
  return JSON.parse(readFileSync(join(CHECKOUT, ".lab", "demo.json"), "utf8")) as DemoFigures;
}

/** Waits until none of the processes runs; throws after ten seconds. */
export async function allEnded(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const left = pids.filter((pid) => existsSync(`/proc/${pid}`));
    if (left.length === 0) return;
    if (performance.now() > deadline) throw new Error(`processes ${left.join(", ")} still run`);
    await delay(20);
  }
}

/** Folders of sockets that a demo has left. */
export function socketFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("carrick-demo-"));
}

/** What is left of a run beside its logs and figures. */
export function leftInRunFolder(): string[] {
  return readdirSync(join(CHECKOUT, ".lab", "demo")).filter((name) => name !== "logs");
}

function descendants(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  return [pid, ...children.flatMap((child) => descendants(Number(child)))];
}
