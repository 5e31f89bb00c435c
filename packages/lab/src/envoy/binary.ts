/** Where the Envoy binary is. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** An expected failure around Envoy: one sentence with path, reason and fix. */
export class EnvoyError extends Error {
  override readonly name = "EnvoyError";
}

/**
 * The path of Envoy: `given`, else `ENVOY` of the environment, else `.tool/envoy` of this checkout, else `envoy` in PATH.
 * Throws `EnvoyError` when a path that was asked for cannot be run, or when there is none.
 */
export function findEnvoy(given?: string, env: NodeJS.ProcessEnv = process.env): string {
  const asked = given ?? (env["ENVOY"] === "" ? undefined : env["ENVOY"]);
  if (asked !== undefined) {
    const reason = whyNotRunnable(asked);
    if (reason === undefined) return asked;
    const origin = given === undefined ? " (from ENVOY)" : "";
    throw new EnvoyError(`${asked}${origin}: ${reason}; set ENVOY to an Envoy 1.40 binary, or run \`make setup\``);
  }
  const inCheckout = checkoutBinary();
  const inPath = (env["PATH"] ?? "")
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, "envoy"));
  const found = [...(inCheckout === undefined ? [] : [inCheckout]), ...inPath].find(
    (path) => whyNotRunnable(path) === undefined,
  );
  if (found !== undefined) return found;
  throw new EnvoyError(
    `${inCheckout ?? ".tool/envoy"}: no Envoy binary there or in PATH; run \`make setup\`, or set ENVOY to an Envoy 1.40 binary`,
  );
}

function checkoutBinary(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const path = join(folder, ".tool", "envoy");
    if (whyNotRunnable(path) === undefined) return path;
    if (folder === dirname(folder)) return undefined;
  }
}

function whyNotRunnable(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return "is not a file";
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return "no such file";
    if (code === "EACCES") return "may not be run";
    return error instanceof Error ? error.message : String(error);
  }
}
