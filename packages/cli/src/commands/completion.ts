import { buildCommand } from "@stricli/core";
import { COMPLETE_WORDS, COMPLETION_SCRIPTS, type Shell } from "../completion-scripts.ts";
import type { CliContext } from "../context.ts";
import { print } from "../output.ts";
import { documented } from "./documentation.ts";

const SHELLS = Object.keys(COMPLETION_SCRIPTS) as Shell[];

export const completionCommand = buildCommand<object, [shell: Shell], CliContext>({
  docs: documented({
    brief: "Print the script that completes carrick's words in a shell",
    about: `
The script asks \`carrick ${COMPLETE_WORDS}\` for every word, so it stays right after
an upgrade.`,
    examples: [
      ["source <(carrick completion bash)", "bash, for example in ~/.bashrc"],
      ["source <(carrick completion zsh)", "zsh, after compinit in ~/.zshrc"],
      ["carrick completion fish > ~/.config/fish/completions/carrick.fish", "fish"],
    ],
    exits: {},
  }),
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        {
          parse: parseShell,
          placeholder: "shell",
          brief: SHELLS.join(", "),
          proposeCompletions: (partial) => proposals(partial),
        },
      ],
    },
  },
  func(_flags, shell) {
    print(this, [COMPLETION_SCRIPTS[shell].trim()]);
  },
});

function parseShell(text: string): Shell {
  const shell = SHELLS.find((known) => known === text);
  if (shell === undefined) throw new Error(`expected one of ${SHELLS.join(", ")}`);
  return shell;
}

function proposals(partial: string): string[] {
  return SHELLS.filter((shell) => shell.startsWith(partial));
}
