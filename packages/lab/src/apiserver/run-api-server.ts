import { ConfigError, readProcessConfig } from "./process-config.ts";
import { startApiServer } from "./server.ts";
import type { ApiServer } from "./server.ts";

const HELP = `carrick lab api-server --config FILE|JSON

A Kubernetes API server that keeps objects: list, watch, write, tables,
discovery and custom resources over HTTP/1.1 and HTTP/2. Nothing runs in it: no
controllers, no schemas, no admission.

  name           of the cluster
  address, port  where it listens; 127.0.0.1 and a free port unless given
  tls            certFile, keyFile; caFile for its kubeconfig, clientCaFile for
                 certificates of clients
  tokenFile      a bearer token in each line; without it everybody may do all
  dataFile       keeps the objects over a restart
  historyEvents  changes that a watch can go back

It prints one line of JSON with name, url and port when it accepts connections.`;

/**
 * An API server as a process of its own: `--config` with JSON or the path of a file with it (`ProcessConfig`). Prints
 * one line of JSON with name, url and port when it accepts connections, and ends on SIGTERM or SIGINT. Resolves with
 * the exit code: 2 for a configuration that is wrong, 1 if the server cannot start.
 */
export async function runApiServer(argv: readonly string[]): Promise<number> {
  let server: ApiServer;
  try {
    const [flag, config, ...more] = argv;
    if (flag === "--help" || flag === "-h") {
      process.stdout.write(`${HELP}\n`);
      return 0;
    }
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
