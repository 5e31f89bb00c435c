/** A program of the lab as a process of its own: it says on a line when it is ready, and its output is kept. */
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { type Exit, ProcessError, type ProcessPlace, spawnTied } from "./tied-child.ts";

/** A program that prints this much without a line's end is not announcing anything. */
const MAX_LINE = 64 * 1024;

export interface ProgramOptions<T> {
  /** Names the log: `<name>.log` in `logFolder`. A program that is started again goes on in the same log. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logFolder: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly place?: ProcessPlace;
  /** Reads a line of either output: what the program announces with it, or `undefined` when it is another line. */
  readonly ready: (line: string) => T | undefined;
  /** 20,000 when not given. */
  readonly readyTimeoutMs?: number;
}

export interface Program<T> {
  readonly name: string;
  readonly pid: number;
  readonly logPath: string;
  /** What it announced. */
  readonly announced: T;
  readonly exited: Promise<Exit>;
  alive(): boolean;
  /** SIGTERM, then SIGKILL after five seconds. */
  stop(): Promise<Exit>;
  kill(): Promise<Exit>;
  /** Freezes and thaws it: it keeps its sockets and answers nobody meanwhile. */
  freeze(): void;
  thaw(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a program and waits for its line. Throws `ProcessError`, with the end of the log, when the program ends before
 * that or says nothing within the time; it does not run any more then.
 */
export async function startProgram<T>(options: ProgramOptions<T>): Promise<Program<T>> {
  mkdirSync(options.logFolder, { recursive: true, mode: 0o700 });
  const logPath = join(options.logFolder, `${options.name}.log`);
  const log = openSync(logPath, "a", 0o600);
  const { command, args, env, place } = options;
  const stdio = ["ignore", "pipe", "pipe"] as const;
  const tied = await spawnTied({
    command,
    args,
    stdio: [...stdio],
    ...(env && { env }),
    ...(place && { place }),
  }).catch((error: unknown) => {
    closeSync(log);
    throw error;
  });
  const outputs = [tied.child.stdout!.setEncoding("utf8"), tied.child.stderr!.setEncoding("utf8")];
  for (const output of outputs) output.on("data", (text: string) => writeSync(log, text));
  const exited = tied.exited.finally(() => closeSync(log));
  try {
    const announced = await announcement(outputs, exited, options);
    return {
      name: options.name,
      pid: tied.pid,
      logPath,
      announced,
      exited,
      alive: () => tied.alive(),
      stop: () => {
        const stopped = tied.stop();
        // A frozen process takes no SIGTERM.
        tied.child.kill("SIGCONT");
        return stopped.then(() => exited);
      },
      kill: () => tied.kill().then(() => exited),
      freeze: () => void tied.child.kill("SIGSTOP"),
      thaw: () => void tied.child.kill("SIGCONT"),
      [Symbol.asyncDispose]: async () => {
        await tied.kill();
      },
    };
  } catch (error) {
    await tied.kill();
    const why = error instanceof Error ? error.message : String(error);
    throw new ProcessError(`${logPath}: ${options.name} ${why}; its last line: ${lastLine(logPath)}`, { cause: error });
  }
}

function announcement<T>(outputs: readonly Readable[], exited: Promise<Exit>, options: ProgramOptions<T>): Promise<T> {
  const timeoutMs = options.readyTimeoutMs ?? 20_000;
  return new Promise<T>((resolve, reject) => {
    const readers = outputs.map((output) => ({ output, read: lineReader(onLine, fail) }));
    const timer = setTimeout(() => fail(`was not ready within ${timeoutMs} ms`), timeoutMs);
    for (const { output, read } of readers) output.on("data", read);
    void exited.then(({ code, signal }) => fail(`ended before it was ready (${signal ?? `code ${code}`})`));

    function onLine(line: string): void {
      const value = options.ready(line);
      if (value === undefined) return;
      stopReading();
      resolve(value);
    }
    function fail(why: string): void {
      stopReading();
      reject(new Error(why));
    }
    function stopReading(): void {
      clearTimeout(timer);
      for (const { output, read } of readers) output.off("data", read);
    }
  });
}

function lineReader(onLine: (line: string) => void, fail: (why: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) onLine(line);
    if (rest.length > MAX_LINE) fail(`printed ${MAX_LINE} characters without a line's end`);
  };
}

function lastLine(logPath: string): string {
  return readFileSync(logPath, "utf8").trim().split("\n").at(-1) || "(nothing was printed)";
}
