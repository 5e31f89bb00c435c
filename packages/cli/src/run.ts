import { proposeCompletions, run, type StricliProcess } from "@stricli/core";
import { application } from "./application.ts";
import { COMPLETE_WORDS } from "./completion-scripts.ts";
import type { CliContext } from "./context.ts";
import { EXIT } from "./exit-code.ts";
import { fittedHelp } from "./render/help.ts";

/** Of the screens for which the prose of the commands is written. */
const HELP_WIDTH = 80;

/** Runs one command line, without the program's name. Returns the exit code. */
export async function runCarrick(args: readonly string[], context: CliContext): Promise<number> {
  const [first, ...words] = args;
  if (first === COMPLETE_WORDS) return await complete(words, context);
  if (first === "--version") return await runCarrick(["version", ...words], context);
  const process: StricliProcess = { ...context.process, stdout: fitting(context.process.stdout) };
  await run(application, args, { ...context, process });
  return exitCode(process.exitCode);
}

/** The library writes a help text in one piece, and nothing else begins like one. */
function fitting(stdout: StricliProcess["stdout"]): StricliProcess["stdout"] {
  return { write: (text) => stdout.write(text.startsWith("USAGE\n") ? fittedHelp(text, HELP_WIDTH) : text) };
}

async function complete(words: readonly string[], context: CliContext): Promise<number> {
  const found = await proposeCompletions(application, words, context);
  // A name that is known is what is looked for; flags come when none is, or after a hyphen.
  const values = found.filter(({ kind }) => kind !== "argument:flag");
  const proposed = values.length > 0 ? values : found;
  for (const { completion } of proposed) context.process.stdout.write(`${completion}\n`);
  return EXIT.done;
}

/** The library's own codes are negative: a command line that it could not use, or a defect. */
function exitCode(code: number | string | null | undefined): number {
  const value = Number(code ?? EXIT.done);
  if (value >= 0) return value;
  return value === -4 || value === -5 ? EXIT.usage : EXIT.defect;
}
