/** The C programs that tests and benchmarks run in a pod's place, compiled when they are asked for. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
export const BUILD = join(ROOT, "build/datapath");

/** The path of the compiled program, newer than its sources. */
export function testProgram(name: "caller" | "churn" | "dial" | "echo"): string {
  const output = join(BUILD, "tests", name);
  const source = join(ROOT, "datapath/tests", `${name}.c`);
  compile(output, [source, join(ROOT, "datapath/tests/common.h")], "gcc", ["-O2", "-Wall", "-Werror", source]);
  return output;
}

/** Compiles unless the output is newer than its inputs. */
export function compile(output: string, inputs: readonly string[], compiler: string, args: readonly string[]): void {
  const newest = Math.max(...inputs.map((input) => statSync(input).mtimeMs));
  if (existsSync(output) && statSync(output).mtimeMs > newest) return;
  mkdirSync(dirname(output), { recursive: true });
  execFileSync(compiler, [...args, "-o", output], { stdio: "inherit" });
}
