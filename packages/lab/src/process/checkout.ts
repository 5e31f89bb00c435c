/** Where this checkout and its programs are, whether this runs from the bundle in `build/` or from the sources. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(import.meta.url);
const bundled = here.endsWith(".mjs");

export const CHECKOUT = bundled ? dirname(dirname(here)) : join(dirname(here), "..", "..", "..", "..");

/** The arguments with which this Node runs a program of Carrick. */
export function programArguments(program: "carrick" | "controller" | "lab"): string[] {
  if (bundled) return [join(CHECKOUT, "build", `${program}.mjs`)];
  const folder = program === "carrick" ? "cli" : program;
  return ["--conditions=source", join(CHECKOUT, "packages", folder, "src", "main.ts")];
}
