/** A real Envoy as a child process: it ends with its parent, and what it says is kept. */
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Exit, type ProcessPlace, spawnTied, type TiedChild } from "../process/tied-child.ts";
import { adminRequest, parseStats } from "./admin.ts";
import type { AdminResponse } from "./admin.ts";
import { EnvoyError, findEnvoy } from "./binary.ts";
import { cpuByThread, rssBytes } from "./process-figures.ts";

/** 107 without `/carrick-envoy-XXXXXX/admin`. */
const MOST_PARENT_BYTES = 107 - "/carrick-envoy-XXXXXX/admin".length;

export interface EnvoyOptions {
  /** Names the files in `dir`: `<name>.json`, `<name>.log`. */
  readonly name: string;
  /** Bootstrap as a JSON object; its `admin` is replaced by a unix socket in a private folder. */
  readonly bootstrap: Readonly<Record<string, unknown>>;
  readonly dir: string;
  /** Where the private folder of the admin socket is made; `dir` when not given, so that it is removed with it. */
  readonly socketParent?: string;
  /** More arguments for Envoy. */
  readonly args?: readonly string[];
  /** Worker threads; 1 when not given. */
  readonly concurrency?: number;
  /** How long connections of a changed listener live on; Envoy's own 600 s when not given. */
  readonly drainTimeSeconds?: number;
  readonly logLevel?: "trace" | "debug" | "info" | "warning" | "error";
  /** Path of the binary; see `findEnvoy`. */
  readonly binary?: string;
  readonly place?: ProcessPlace;
}

export interface Envoy {
  readonly name: string;
  readonly pid: number;
  readonly adminSocket: string;
  readonly logPath: string;
  /** Resolves when the process has ended, however it ended. */
  readonly exited: Promise<Exit>;
  alive(): boolean;
  admin(path: string, method?: "GET" | "POST"): Promise<AdminResponse>;
  /** Waits until `/ready` says LIVE. Rejects when the process ends first or `timeoutMs` (30 s) passes. */
  ready(timeoutMs?: number): Promise<void>;
  /** Counters and gauges whose names match. */
  stats(pattern: RegExp): Promise<Map<string, number>>;
  configDump(resource?: string): Promise<unknown>;
  /** CPU time in nanoseconds by thread name; the main thread is `main`. */
  cpuByThread(): Map<string, number>;
  rssBytes(): number;
  log(): string;
  /** SIGTERM, then SIGKILL after five seconds; resolves when it has ended. Envoy does not drain on SIGTERM. */
  stop(): Promise<Exit>;
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<Exit>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts Envoy. Throws `EnvoyError` when the binary is missing; what it dislikes in the bootstrap shows in `ready()`. */
export async function startEnvoy(options: EnvoyOptions): Promise<Envoy> {
  const binary = findEnvoy(options.binary);
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const socketFolder = mkdtempSync(join(options.socketParent ?? socketParent(options.dir), "carrick-envoy-"));
  const adminSocket = join(socketFolder, "admin");
  const bootstrapPath = join(options.dir, `${options.name}.json`);
  const logPath = join(options.dir, `${options.name}.log`);
  const bootstrap = { ...options.bootstrap, admin: { address: { pipe: { path: adminSocket, mode: 0o600 } } } };
  writeFileSync(bootstrapPath, JSON.stringify(bootstrap), { mode: 0o600 });

  const leaveNoSocket = (): void => rmSync(socketFolder, { recursive: true, force: true });
  const tied = await spawnEnvoy(binary, envoyArguments(options, bootstrapPath), logPath, options.place).catch(
    (error: unknown) => {
      leaveNoSocket();
      throw error;
    },
  );
  const exited = tied.exited.finally(leaveNoSocket);
  const alive = (): boolean => tied.alive();
  const kill = (): Promise<Exit> => tied.kill().then(() => exited);

  const admin = (path: string, method: "GET" | "POST" = "GET"): Promise<AdminResponse> =>
    adminRequest(adminSocket, path, method);
  const log = (): string => readFileSync(logPath, "utf8");
  return {
    name: options.name,
    pid: tied.pid,
    adminSocket,
    logPath,
    exited,
    alive,
    admin,
    ready: async (timeoutMs = 30_000) => {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        if (!alive()) throw new EnvoyError(`${logPath}: Envoy ended before it was ready: ${complaint(log())}`);
        const last = await admin("/ready").catch((error: unknown) => ({ status: 0, body: String(error) }));
        if (last.status === 200) return;
        if (performance.now() > deadline) {
          throw new EnvoyError(`${logPath}: Envoy is not ready after ${timeoutMs} ms: ${last.body.trim()}`);
        }
        await delay(5);
      }
    },
    stats: async (pattern) => {
      const response = await admin(`/stats?filter=${encodeURIComponent(pattern.source)}`);
      if (response.status !== 200) throw new EnvoyError(`/stats: ${response.status} ${response.body.trim()}`);
      return parseStats(response.body);
    },
    configDump: async (resource) => {
      const response = await admin(`/config_dump${resource === undefined ? "" : `?resource=${resource}`}`);
      if (response.status !== 200) throw new EnvoyError(`/config_dump: ${response.status} ${response.body.trim()}`);
      const dump: unknown = JSON.parse(response.body);
      return dump;
    },
    cpuByThread: () => cpuByThread(tied.pid),
    rssBytes: () => rssBytes(tied.pid),
    log,
    stop: () => tied.stop().then(() => exited),
    kill,
    [Symbol.asyncDispose]: async () => {
      await kill();
    },
  };
}

/** `dir`, unless it is too long for a socket: its path has at most 107 bytes. */
function socketParent(dir: string): string {
  const parent = resolve(dir);
  return Buffer.byteLength(parent) <= MOST_PARENT_BYTES ? parent : tmpdir();
}

function envoyArguments(options: EnvoyOptions, bootstrapPath: string): string[] {
  return [
    "-c",
    bootstrapPath,
    "--disable-hot-restart",
    "--concurrency",
    String(options.concurrency ?? 1),
    "-l",
    options.logLevel ?? "warning",
    ...(options.drainTimeSeconds === undefined ? [] : ["--drain-time-s", String(options.drainTimeSeconds)]),
    ...(options.args ?? []),
  ];
}

async function spawnEnvoy(
  binary: string,
  args: readonly string[],
  logPath: string,
  place: ProcessPlace = {},
): Promise<TiedChild> {
  const log = openSync(logPath, "w", 0o600);
  try {
    return await spawnTied({ command: binary, args, stdio: ["ignore", log, log], place });
  } finally {
    closeSync(log);
  }
}

/** The last line of the log that says what is wrong, else the last line. */
function complaint(log: string): string {
  const lines = log.trim().split("\n");
  return lines.findLast((line) => /\[(critical|error)\]/.test(line)) ?? lines.at(-1) ?? "no log";
}
