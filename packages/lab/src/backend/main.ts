/** A back end as a program: `lab backend '{"cluster":…,"port":…,"pods":[…]}'`. */
import { type BackendOptions, startBackend } from "./backend.ts";

/** The line with which it says that it listens. */
export const BACKEND_READY = '{"ready":true}';

const EXAMPLE = `{"cluster":"paris","port":8080,"pods":[{"name":"web","address":"127.12.1.1"}]}`;

const HELP = `carrick lab backend JSON

HTTP servers, one on the address of each pod, that answer with the names of
their cluster and pod. The argument describes them:

  ${EXAMPLE}

"delayMs" lets every answer wait. It prints ${BACKEND_READY} when all listen.`;

/** Runs until SIGTERM or SIGINT, then answers what is open. Resolves with the exit code. */
export async function runBackend(argv: readonly string[]): Promise<number> {
  if (argv[0] === "--help" || argv[0] === "-h") {
    console.log(HELP);
    return 0;
  }
  const options = readOptions(argv);
  if (options === undefined) {
    console.error(`lab backend: the argument is no description of a back end; give one argument: ${EXAMPLE}`);
    return 2;
  }
  try {
    const backend = await startBackend(options);
    console.log(BACKEND_READY);
    await new Promise<void>((resolve) => {
      process.once("SIGTERM", resolve);
      process.once("SIGINT", resolve);
    });
    await backend.close();
    return 0;
  } catch (error) {
    console.error(`lab backend: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

function readOptions([text, ...more]: readonly string[]): BackendOptions | undefined {
  if (text === undefined || more.length > 0) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { cluster, port, pods, delayMs } = Object(value) as Partial<Record<keyof BackendOptions, unknown>>;
  if (typeof cluster !== "string" || !Number.isInteger(port) || !Array.isArray(pods) || pods.length === 0) {
    return undefined;
  }
  const read = pods.flatMap((pod: unknown) => {
    const { name, address } = Object(pod) as { readonly name?: unknown; readonly address?: unknown };
    return typeof name === "string" && typeof address === "string" ? [{ name, address }] : [];
  });
  if (read.length !== pods.length) return undefined;
  return { cluster, port: Number(port), pods: read, ...(typeof delayMs === "number" && { delayMs }) };
}
