import { checkLines } from "@carrick/core/report";
import { buildCommand } from "@stricli/core";
import { controllerAddresses } from "../api/controllers.ts";
import { readTrust } from "../api/trust.ts";
import type { CliContext } from "../context.ts";
import { examine } from "../doctor/examine.ts";
import { EXIT } from "../exit-code.ts";
import { print, printJson } from "../output.ts";
import { documented } from "./documentation.ts";
import { CONTROLLER_FLAGS, type ControllerFlags, optionalTextFlag, OUTPUT_FLAG, type Output } from "./flags.ts";

interface Flags extends ControllerFlags {
  readonly output: Output;
  readonly config?: string;
}

export const doctorCommand = buildCommand<Flags, [], CliContext>({
  docs: documented({
    brief: "Check everything that Carrick needs, each finding with its fix",
    about: `
Checks Node and Envoy on this machine and whether a controller answers. With
--config also what the controller will need: that its configuration is right,
its certificate fits and lasts, its ports are free, and, of each cluster, that
it answers, lets the controller read, knows the object Cluster, and has the same
time.

Whether the mesh can run on a node is another look, taken there:
carrick agent doctor.`,
    examples: [
      ["carrick doctor --config controller.yaml", "before the controller starts, or when it does not work"],
      ["carrick doctor", "only this machine and the controller"],
    ],
    exits: { 0: "no problem (there may be warnings)", 1: "a problem" },
  }),
  parameters: {
    flags: {
      ...CONTROLLER_FLAGS,
      output: OUTPUT_FLAG,
      config: optionalTextFlag("file", "Controller's configuration (CARRICK_CONFIG)"),
    },
    aliases: { o: "output" },
  },
  async func(flags) {
    const checks = await examine({
      config: flags.config ?? this.env["CARRICK_CONFIG"],
      controllers: (configured) => controllerAddresses(flags.controller, this.env, configured),
      trust: await readTrust(flags, this.env, this.now()),
      env: this.env,
      nodeVersion: process.version,
      folder: import.meta.dirname,
      controllerProgram: this.controllerProgram,
      now: () => this.now(),
    });
    if (flags.output === "json") printJson(this, { checks });
    else print(this, checkLines(checks, this.screen.width, this.screen.paint));
    if (checks.some(({ level }) => level === "problem")) this.process.exitCode = EXIT.wrong;
  },
});
