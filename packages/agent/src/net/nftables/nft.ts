/** `nft` as a process: when the agent starts and when the lab cuts a link, never on a pod's path. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** nft could not be run, or refused the rules; the text says what it said. */
export class NftError extends Error {
  override readonly name = "NftError";
}

const TIMEOUT_MS = 10_000;
const MAX_OUTPUT = 64 * 1024 * 1024;

/**
 * Applies rules in nft's JSON (libnftables-json(5)) as one transaction: all of them, or none. In the network namespace
 * of this process, or in that of `namespace` (a path). Throws `NftError`.
 */
export async function applyRuleset(what: string, ruleset: unknown, namespace?: string): Promise<void> {
  // nft opens /dev/stdin by its name, which is refused for the sockets that Node makes pipes of.
  const folder = mkdtempSync(join(tmpdir(), "carrick-nft-"));
  let input: number;
  try {
    const file = join(folder, "ruleset.json");
    writeFileSync(file, JSON.stringify(ruleset), { mode: 0o600 });
    input = openSync(file, "r");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  try {
    await run(what, ["-j", "-f", "/dev/stdin"], input, namespace);
  } finally {
    closeSync(input);
  }
}

/** What `nft -j` prints for these arguments. Throws `NftError`. */
export async function listRuleset(what: string, args: readonly string[], namespace?: string): Promise<unknown> {
  const printed = await run(what, ["-j", "list", ...args], "ignore", namespace);
  try {
    return JSON.parse(printed) as unknown;
  } catch (error) {
    throw new NftError(`${what}: nft printed something else than JSON`, { cause: error });
  }
}

async function run(
  what: string,
  args: readonly string[],
  input: number | "ignore",
  namespace?: string,
): Promise<string> {
  const enter = namespace === undefined ? [] : ["nsenter", `--net=${namespace}`];
  const [command, ...rest] = [...enter, "nft", ...args];
  const child = spawn(command!, rest, { stdio: [input, "pipe", "pipe"], timeout: TIMEOUT_MS, killSignal: "SIGKILL" });
  const [stdout, stderr, end] = await Promise.all([read(child.stdout!), read(child.stderr!), ended(child)]).finally(
    () => child.kill("SIGKILL"),
  );
  if (end === 0) return stdout;
  if (end === "ENOENT") throw new NftError(`${what}: there is no ${command}; install nftables and util-linux`);
  throw new NftError(`${what}: ${stderr.trim().split("\n")[0] || `nft ended with ${end}`}`);
}

async function read(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream) {
    text += String(chunk);
    if (text.length > MAX_OUTPUT) throw new NftError(`nft printed more than ${MAX_OUTPUT} characters`);
  }
  return text;
}

/** Its exit code, or the signal or the error that ended it. */
function ended(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    child.once("close", (code, signal) => resolve(code ?? signal ?? "no code"));
  });
}
