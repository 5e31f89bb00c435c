/** What the tests of commands share. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { StatusReport } from "@carrick/core/report";
import type { Authority, CertificateRequest } from "../../lab/src/trust/index.ts";
import type { CliContext } from "./context.ts";
import type { PemPaths } from "./credentials/pem-files.ts";
import { plain } from "./render/paint.ts";
import { runCarrick } from "./run.ts";

export interface CapturedRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CapturedWorld {
  readonly env?: Readonly<Record<string, string>>;
  readonly now?: () => number;
  readonly interruption?: AbortSignal;
  readonly controllerProgram?: readonly string[];
  /** Called with everything that the command writes to its standard output. */
  readonly onOutput?: (text: string) => void;
  /** Rows of the terminal that it writes to; without it the output is none. */
  readonly terminalRows?: number;
  /** Called instead of waiting. */
  readonly pause?: CliContext["pause"];
}

/** Runs one command line in this process and gives what it wrote. */
export async function captured(args: readonly string[], world: CapturedWorld = {}): Promise<CapturedRun> {
  const { env = {}, now = Date.now, interruption = new AbortController().signal } = world;
  let stdout = "";
  let stderr = "";
  const context: CliContext = {
    process: {
      stdout: {
        write: (text) => {
          stdout += text;
          world.onOutput?.(text);
        },
      },
      stderr: {
        write: (text) => {
          stderr += text;
        },
      },
      env,
    },
    env,
    screen: {
      terminal: world.terminalRows !== undefined,
      width: 80,
      height: world.terminalRows ?? Infinity,
      paint: plain,
    },
    showsProgress: false,
    now,
    pause:
      world.pause ??
      (async (ms, signal) => {
        await delay(ms, undefined, { signal });
      }),
    interruption: () => interruption,
    controllerProgram: world.controllerProgram,
  };
  const code = await runCarrick(args, context);
  return { code, stdout, stderr };
}

/** A folder that is gone at the end of the block. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "carrick-cli-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Issues a certificate and writes it, its key and the authority as files. */
export async function pemFiles(
  folder: string,
  authority: Authority,
  request: CertificateRequest,
  name = "own",
): Promise<PemPaths> {
  const pair = await authority.issue(request);
  const paths = {
    certificate: join(folder, `${name}.pem`),
    key: join(folder, `${name}.key`),
    authority: join(folder, `${name}.ca`),
  };
  writeFileSync(paths.certificate, pair.certPem);
  writeFileSync(paths.key, pair.keyPem);
  writeFileSync(paths.authority, authority.certPem);
  return paths;
}

export interface Answering extends AsyncDisposable {
  readonly url: string;
}

/** An HTTP server on the loopback. */
export async function answering(listener: RequestListener): Promise<Answering> {
  return await listening(createServer(listener), "http");
}

export async function listening(server: Server, scheme: "http" | "https"): Promise<Answering> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  return {
    url: `${scheme}://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** An agent, on a socket in a folder that is gone at the end. */
export async function agentAnswering(
  listener: RequestListener,
): Promise<AsyncDisposable & { readonly socket: string }> {
  const folder = temporaryFolder();
  const socket = join(folder.path, "inspect.sock");
  const server = createServer(listener).listen(socket);
  await once(server, "listening");
  return {
    socket,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      folder[Symbol.dispose]();
    },
  };
}

/** Answers every request with the same JSON. */
export function json(value: unknown, status = 200): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof value === "string" ? value : JSON.stringify(value));
  };
}

/** The report of a replica without anything. */
export const EMPTY_STATUS: StatusReport = {
  replica: "a",
  version: "0.1.0",
  started: 0,
  now: 1000,
  ready: true,
  waitingFor: [],
  clusters: [],
  fleets: [],
  problems: [],
  moreProblems: 0,
};
