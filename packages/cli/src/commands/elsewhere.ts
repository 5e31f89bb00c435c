import { buildCommand, type Command } from "@stricli/core";
import type { CliContext } from "../context.ts";
import { usageError } from "../exit-code.ts";

/**
 * A command that is a program of its own: it stands here so that help, suggestions and completion know it. The launcher
 * `carrick` starts it and never comes here.
 */
export function elsewhere(name: string, program: string, brief: string): Command<CliContext> {
  return buildCommand<object, string[], CliContext>({
    docs: { brief, fullDescription: `${brief}.\n\nA program of its own: \`carrick ${name} --help\` says more.` },
    parameters: {
      positional: {
        kind: "array",
        parameter: { parse: String, placeholder: "argument", brief: "Arguments of the program" },
      },
    },
    func() {
      throw usageError(
        `${name} is another program (build/${program}.mjs); start it with the launcher: ./carrick ${name}`,
      );
    },
  });
}
