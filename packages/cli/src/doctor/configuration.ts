import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { reasonOf } from "../exit-code.ts";
import { type Check, ok, problem, warning } from "@carrick/core/report";

const AREA = "configuration";

/** Has the controller's own program check the file: it alone knows every setting. */
export async function checkConfiguration(file: string, program: readonly string[] | undefined): Promise<Check[]> {
  if (program === undefined) {
    return [
      warning(AREA, `${file}: only read in part, for the controller's program is not at hand`, "run `make build`"),
    ];
  }
  const [command = "", ...args] = program;
  try {
    await promisify(execFile)(command, [...args, "--config", file, "--check"], {
      timeout: 30_000,
      maxBuffer: 1024 * 1024,
    });
    return [ok(AREA, `${file} is right`)];
  } catch (error) {
    const said = complaints(error);
    if (said.length === 0)
      return [problem(AREA, `${file}: cannot be checked (${reasonOf(error)})`, "run `make build`")];
    return said.map((line) => problem(AREA, line, `correct it in ${file}`));
  }
}

/** The lines that the program wrote, where it ended with the code for a wrong configuration. */
function complaints(error: unknown): string[] {
  if (!(error instanceof Error) || !("code" in error) || error.code !== 2 || !("stderr" in error)) return [];
  return String(error.stderr)
    .split("\n")
    .map((line) => line.replace(/^carrick controller: /, "").trim())
    .filter((line) => line !== "");
}
