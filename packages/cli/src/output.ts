import type { CliContext } from "./context.ts";
import { printable } from "@carrick/core/report";

/** Writes lines to the standard output. */
export function print(context: CliContext, lines: readonly string[]): void {
  context.process.stdout.write(`${lines.join("\n")}\n`);
}

/** Writes sentences to the standard error; names in them may be of others, so control characters are escaped. */
export function note(context: CliContext, sentence: string): void {
  context.process.stderr.write(`${sentence.split("\n").map(printable).join("\n")}\n`);
}

/** Writes JSON to the standard output; control characters of the second block are escaped too, for terminals obey them. */
export function printJson(context: CliContext, value: unknown, indent = 2): void {
  const text = JSON.stringify(value, undefined, indent);
  const safe = text.replaceAll(/[\u007f-\u009f]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
  context.process.stdout.write(`${safe}\n`);
}
