/** Runs the `carrick` command as a person would. */
import { type ProcessPlace, spawnTied } from "../process/index.ts";
import { programArguments } from "../process/checkout.ts";

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** More than any command of the demo prints. */
const MAX_OUTPUT = 16 * 1024 * 1024;

/** Resolves when the command has ended, with what it printed; ends it at 16 MiB. `env` is added to this process'. */
export async function runCarrick(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  place?: ProcessPlace,
): Promise<CommandResult> {
  const tied = await spawnTied({
    command: process.execPath,
    args: [...programArguments("carrick"), ...args],
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", ...env },
    ...(place && { place }),
  });
  let size = 0;
  const collect = (into: Buffer[]) => (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_OUTPUT) void tied.kill();
    else into.push(chunk);
  };
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  tied.child.stdout!.on("data", collect(stdout));
  tied.child.stderr!.on("data", collect(stderr));
  const { code } = await tied.exited;
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}
