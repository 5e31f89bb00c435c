import { usageError } from "../exit-code.ts";

export const DEFAULT_CONTROLLER = "http://127.0.0.1:18001";
const MAX_CONTROLLERS = 32;

/** The addresses of the controllers to ask: of the flag, else of CARRICK_CONTROLLER, else the default one. */
export function controllerAddresses(
  given: readonly string[] | undefined,
  env: Readonly<Record<string, string | undefined>>,
): URL[] {
  const [source, texts] =
    given !== undefined && given.length > 0
      ? (["--controller", given] as const)
      : (["CARRICK_CONTROLLER", (env["CARRICK_CONTROLLER"] ?? "").split(",")] as const);
  const wanted = texts.map((text) => text.trim()).filter((text) => text !== "");
  if (wanted.length > MAX_CONTROLLERS) {
    throw usageError(`${source}: names ${wanted.length} controllers; give at most ${MAX_CONTROLLERS}`);
  }
  return (wanted.length === 0 ? [DEFAULT_CONTROLLER] : wanted).map((text) => controllerAddress(text, source));
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
