import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { reasonOf } from "../exit-code.ts";
import { type Check, ok, problem, warning } from "@carrick/core/report";

const AREA = "machine";
const NODE_NEEDED = [24, 12] as const;
const ENVOY_NEEDED = [1, 33] as const;

/** `version` as in `v24.21.0`. */
export function checkNode(version: string): Check {
  if (atLeast(version.slice(1), NODE_NEEDED)) return ok(AREA, `Node ${version.slice(1)}`);
  return problem(
    AREA,
    `Node ${version.slice(1)} is too old`,
    `use Node ${NODE_NEEDED.join(".")} or newer; \`make setup\` installs one`,
  );
}

/** Where an Envoy binary is looked for, in this order. `folder` is where the program runs from. */
export function envoyCandidates(env: Readonly<Record<string, string | undefined>>, folder: string): string[] {
  const asked = env["ENVOY"];
  if (asked !== undefined && asked !== "") return [asked];
  const checkouts: string[] = [];
  for (let at = resolve(folder); ; at = dirname(at)) {
    checkouts.push(join(at, ".tool", "envoy"));
    if (at === dirname(at)) break;
  }
  const inPath = (env["PATH"] ?? "").split(delimiter).filter((entry) => entry !== "");
  return [...checkouts, ...inPath.map((entry) => join(entry, "envoy"))];
}

/** Finds Envoy and asks it for its version. It may be missing where only a controller runs. */
export async function checkEnvoy(env: Readonly<Record<string, string | undefined>>, folder: string): Promise<Check> {
  const candidates = envoyCandidates(env, folder);
  for (const path of candidates) {
    if (await isRunnable(path)) return await checkVersion(path);
  }
  const asked = env["ENVOY"];
  const fix = "run `make setup`, or set ENVOY to an Envoy 1.33 or newer";
  if (asked !== undefined && asked !== "") return problem(AREA, `${asked} (ENVOY) is no program that can be run`, fix);
  return warning(AREA, "there is no Envoy binary in .tool/ or in PATH: no edge can run on this machine", fix);
}

async function isRunnable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    // The next candidate is looked at; if there is none, that is the finding.
    return false;
  }
}

async function checkVersion(path: string): Promise<Check> {
  let printed: string;
  try {
    printed = (await promisify(execFile)(path, ["--version"], { timeout: 10_000, maxBuffer: 65_536 })).stdout;
  } catch (error) {
    return problem(AREA, `${path} does not run (${reasonOf(error)})`, "set ENVOY to an Envoy 1.33 or newer");
  }
  const version = /\/(\d+\.\d+\.\d+)[^/]*\//.exec(printed)?.[1];
  if (version === undefined) {
    return problem(AREA, `${path} does not say which Envoy it is`, "set ENVOY to an Envoy 1.33 or newer");
  }
  if (atLeast(version, ENVOY_NEEDED)) return ok(AREA, `Envoy ${version} (${path})`);
  return problem(AREA, `${path} is Envoy ${version}, which is too old`, `use Envoy ${ENVOY_NEEDED.join(".")} or newer`);
}

function atLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split(".").map(Number);
  return a > major || (a === major && b >= minor);
}
