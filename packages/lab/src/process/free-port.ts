/** Ports for processes that are started in a moment. */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { ProcessError } from "./tied-child.ts";

/** Below Linux's ephemeral ports (32768), so that no outgoing connection takes the port before its server does. */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const ATTEMPTS = 100;

/**
 * A port on which nobody listens on any of `addresses`: the first of `preferred` that is free, else a random one. Nothing
 * holds it, so another process may still come first. Throws `ProcessError` when an address does not exist.
 */
export async function freePort(addresses: readonly string[], preferred: readonly number[] = []): Promise<number> {
  const random = Array.from({ length: ATTEMPTS }, () => randomInt(LOWEST, HIGHEST));
  for (const port of [...preferred, ...random]) {
    const free = await Promise.all(addresses.map((address) => isFree(address, port)));
    if (free.every(Boolean)) return port;
  }
  throw new ProcessError(`${addresses.join(", ")}: no free port in ${ATTEMPTS} attempts; end what listens there`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(false);
      else
        reject(new ProcessError(`${host}: cannot be listened on: ${error.message}; give an address of this machine`));
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
