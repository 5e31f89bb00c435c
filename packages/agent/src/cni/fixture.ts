/** The CNI plugin's real client, as tests build and run it. */
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const CHECKOUT = fileURLToPath(new URL("../../../..", import.meta.url));
const SOURCES = fileURLToPath(new URL("../../../../datapath/cni", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Builds `build/carrick-cni` if its sources have changed; gives its path. */
export function buildClient(): string {
  const output = `${CHECKOUT}build/carrick-cni`;
  return buildFrom(["./build", output], output);
}

/** Runs a command in the folder of the client's sources, which has to make `output`. */
export function buildFrom([command, ...args]: readonly [string, ...string[]], output: string): string {
  const { status, stderr, error } = spawnSync(command, args, { cwd: SOURCES });
  if (error !== undefined || status !== 0) throw new Error(`${command}: ${error?.message ?? stderr.toString()}`);
  return output;
}

/** Runs the client to its end, as a runtime does. */
export function runClient(env: NodeJS.ProcessEnv, input: string, program = buildClient()): Promise<Ended> {
  const child = spawn(program, [], { env, stdio: ["pipe", "pipe", "pipe"] });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // It may end without having read everything.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    );
  });
}
