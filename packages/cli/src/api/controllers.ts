import { usageError } from "../exit-code.ts";

const DEFAULT_CONTROLLER = "http://127.0.0.1:18001";
const MAX_CONTROLLERS = 32;

type Env = Readonly<Record<string, string | undefined>>;

/** Where a controller's configuration has its API. */
export interface ConfiguredApi {
  readonly address: string;
  readonly port: number;
}

/**
 * The addresses of the controllers to ask: of the flag, else of CARRICK_CONTROLLER, else that of a configuration file at
 * hand, else the default one. Throws a `CommandError`.
 */
export function controllerAddresses(given: readonly string[] | undefined, env: Env, configured?: ConfiguredApi): URL[] {
  const flagged = given !== undefined && given.length > 0;
  const source = flagged ? "--controller" : "CARRICK_CONTROLLER";
  const texts = flagged ? given : (env["CARRICK_CONTROLLER"] ?? "").split(",");
  const wanted = texts.map((text) => text.trim()).filter((text) => text !== "");
  if (wanted.length > MAX_CONTROLLERS) {
    throw usageError(`${source}: names ${wanted.length} controllers; give at most ${MAX_CONTROLLERS}`);
  }
  if (wanted.length > 0) return wanted.map((text) => controllerAddress(text, source));
  return [configured === undefined ? new URL(DEFAULT_CONTROLLER) : addressOf(configured)];
}

/** As the controller listens: plain HTTP on the loopback, TLS elsewhere, and every address is also ours. */
function addressOf({ address, port }: ConfiguredApi): URL {
  const host = { "0.0.0.0": "127.0.0.1", "::": "[::1]" }[address] ?? (address.includes(":") ? `[${address}]` : address);
  const plain = address === "::1" || address.startsWith("127.");
  return new URL(`${plain ? "http" : "https"}://${host}:${port}`);
}

function controllerAddress(text: string, source: string): URL {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw usageError(`${source}: "${text}" is no address of a controller; give one as in ${DEFAULT_CONTROLLER}`);
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw usageError(
      `${source}: ${text} is not on this machine, where controllers answer only over TLS; use https:// with --certificate, --key and --authority`,
    );
  }
  return url;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
