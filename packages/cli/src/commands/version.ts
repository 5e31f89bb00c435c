import { buildCommand } from "@stricli/core";
import type { CliContext } from "../context.ts";
import { print, printJson } from "../output.ts";
import { VERSION } from "@carrick/core/report";
import { documented } from "./documentation.ts";
import { OUTPUT_FLAG, type Output } from "./flags.ts";

export const versionCommand = buildCommand<{ readonly output: Output }, [], CliContext>({
  docs: documented({
    brief: "Print the version of this command",
    about: "Prints the version of this command. carrick status has that of a controller.",
    examples: [["carrick version", "as in a report of a defect"]],
    exits: {},
  }),
  parameters: { flags: { output: OUTPUT_FLAG }, aliases: { o: "output" } },
  func({ output }) {
    if (output === "json") printJson(this, { carrick: VERSION, node: process.versions.node });
    else print(this, [`carrick ${VERSION} (Node ${process.versions.node})`]);
  },
});
