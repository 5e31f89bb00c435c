/** A back end as a program: `lab backend '{"cluster":…,"port":…,"pods":[…]}'`. */
import { type BackendOptions, startBackend } from "./backend.ts";

/** The line with which it says that it listens. */
export const BACKEND_READY = '{"ready":true}';

const USAGE = `give one argument: {"cluster":"london","port":8080,"pods":[{"name":"web-1","address":"127.11.1.1"}]}`;

/** Runs until SIGTERM or SIGINT, then answers what is open. Resolves with the exit code. */
export async function runBackend(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv);
  if (options === undefined) {
    console.error(`lab backend: the argument is no description of a back end; ${USAGE}`);
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
