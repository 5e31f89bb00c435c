import { buildCommand } from "@stricli/core";
import { firstStatus } from "../api/answers.ts";
import { controllerAddresses } from "../api/controllers.ts";
import { readTrust } from "../api/trust.ts";
import type { CliContext } from "../context.ts";
import { CommandError, EXIT } from "../exit-code.ts";
import { isHealthy } from "../health.ts";
import { note, print, printJson } from "../output.ts";
import { renderStatus } from "../render/status.ts";
import { documented } from "./documentation.ts";
import { CONTROLLER_FLAGS, type ControllerFlags, OUTPUT_FLAG, type Output } from "./flags.ts";

interface Flags extends ControllerFlags {
  readonly output: Output;
  readonly watch: boolean;
  readonly check: boolean;
}

const WATCH_MS = 1000;
const CLEAR = "\u001b[H\u001b[2J\u001b[3J";

export const statusCommand = buildCommand<Flags, [], CliContext>({
  docs: documented({
    brief: "Show clusters, fleets of Envoys, and objects with problems",
    about: `
Asks a controller what it knows: of each cluster whether its objects are fresh,
stale (an earlier watch, or the copy on disk) or unknown; of each fleet its
Envoys with what they have not acknowledged or refused; and every object that
was not accepted, with the field, the reason and the fix.`,
    examples: [
      ["carrick status", "one look"],
      ["carrick status --watch", "again every second, until Ctrl-C"],
      ["carrick status --check", "exit 1 if anything asks for a person; for scripts and alerts"],
      ["carrick status -o json | jq .problems", "everything, for programs"],
    ],
    exits: { 1: "with --check: something asks for a person", 5: "no controller answers" },
  }),
  parameters: {
    flags: {
      ...CONTROLLER_FLAGS,
      output: OUTPUT_FLAG,
      watch: {
        kind: "boolean",
        brief: "Ask again every second; with -o json one line for each answer",
        withNegated: false,
        default: false,
      },
      check: { kind: "boolean", brief: "Exit 1 if something asks for a person", withNegated: false, default: false },
    },
    aliases: { o: "output", w: "watch" },
  },
  async func(flags) {
    const controllers = controllerAddresses(flags.controller, this.env);
    const trust = await readTrust(flags, this.env, this.now());
    if (flags.watch) return await watch(this, controllers, trust, flags.output);
    const report = await firstStatus(controllers, { trust });
    if (flags.output === "json") printJson(this, report);
    else print(this, renderStatus(report, this.screen.width, this.screen.paint));
    if (flags.check && !isHealthy(report)) this.process.exitCode = EXIT.wrong;
  },
});

/** A controller that does not answer for a while is said, and does not end the watch. */
async function watch(
  context: CliContext,
  controllers: readonly URL[],
  trust: Awaited<ReturnType<typeof readTrust>>,
  output: Output,
): Promise<void> {
  const signal = context.interruption();
  while (!signal.aborted) {
    try {
      const report = await firstStatus(controllers, { trust, signal });
      if (output === "json") printJson(context, report, 0);
      else {
        if (context.screen.terminal) context.process.stdout.write(CLEAR);
        print(context, [...renderStatus(report, context.screen.width, context.screen.paint), ""]);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof CommandError) || error.exit !== EXIT.unanswered) throw error;
      note(context, error.message);
    }
    await context.pause(WATCH_MS, signal).catch(() => undefined);
  }
}
