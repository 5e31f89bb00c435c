import { buildCommand, type Command, type FlagParametersForType } from "@stricli/core";
import type { CliContext } from "../context.ts";
import { usageError } from "../exit-code.ts";

/** What stands here of a program, so that help, suggestions and completion know it. */
export interface Elsewhere<FLAGS extends object> {
  readonly name: string;
  /** Its bundle in `build/`. */
  readonly program: string;
  readonly brief: string;
  /** Words that it takes as its first. */
  readonly words?: readonly string[];
  readonly flags: FlagParametersForType<FLAGS, CliContext>;
}

/** A command that is a program of its own. The launcher `carrick` starts it and never comes here. */
export function elsewhere<FLAGS extends object>({
  name,
  program,
  brief,
  words = [],
  flags,
}: Elsewhere<FLAGS>): Command<CliContext> {
  return buildCommand<FLAGS, string[], CliContext>({
    docs: { brief, fullDescription: `${brief}.\n\nA program of its own: \`carrick ${name} --help\` says more.` },
    parameters: {
      flags,
      positional: {
        kind: "array",
        parameter: {
          parse: String,
          placeholder: "argument",
          brief: "Arguments of the program",
          proposeCompletions: (partial) => words.filter((word) => word.startsWith(partial)),
        },
      },
    },
    func() {
      throw usageError(
        `${name} is another program (build/${program}.mjs); start it with the launcher: ./carrick ${name}`,
      );
    },
  });
}
