import { ConfigError, readProcessConfig } from "./process-config.ts";
import { startApiServer } from "./server.ts";
import type { ApiServer } from "./server.ts";

/**
 * An API server as a process of its own: `--config` with JSON or the path of a file with it (`ProcessConfig`). Prints
 * one line of JSON with name, url and port when it accepts connections, and ends on SIGTERM or SIGINT. Resolves with
 * the exit code: 2 for a configuration that is wrong, 1 if the server cannot start.
 */
export async function runApiServer(argv: readonly string[]): Promise<number> {
  let server: ApiServer;
  try {
    const [flag, config, ...more] = argv;
    if (flag !== "--config" || config === undefined || more.length > 0)
      throw new ConfigError("usage: --config FILE|JSON");
    server = await startApiServer(readProcessConfig(config));
  } catch (error) {
    process.stderr.write(`apiserver: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof ConfigError ? 2 : 1;
  }
  const { name, url, port } = server;
  const stopped = stopSignal();
  process.stdout.write(`${JSON.stringify({ name, url, port })}\n`);
  await stopped;
  await server.close();
  return 0;
}

function stopSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => resolve());
  return promise;
}
