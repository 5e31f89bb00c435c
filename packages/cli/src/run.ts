import { proposeCompletions, run } from "@stricli/core";
import { application } from "./application.ts";
import { COMPLETE_WORDS } from "./completion-scripts.ts";
import type { CliContext } from "./context.ts";
import { EXIT } from "./exit-code.ts";

/** Runs one command line, without the program's name. Returns the exit code. */
export async function runCarrick(args: readonly string[], context: CliContext): Promise<number> {
  const [first, ...words] = args;
  if (first === COMPLETE_WORDS) return await complete(words, context);
  await run(application, args, context);
  return exitCode(context.process.exitCode);
}

async function complete(words: readonly string[], context: CliContext): Promise<number> {
  const found = await proposeCompletions(application, words, context);
  for (const { completion } of found) context.process.stdout.write(`${completion}\n`);
  return EXIT.done;
}

/** The library's own codes are negative: a command line that it could not use, or a defect. */
function exitCode(code: number | string | null | undefined): number {
  const value = Number(code ?? EXIT.done);
  if (value >= 0) return value;
  return value === -4 || value === -5 ? EXIT.usage : EXIT.defect;
}
