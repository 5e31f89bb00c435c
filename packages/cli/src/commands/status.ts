import { buildCommand } from "@stricli/core";
import { allStatuses, type Statuses } from "../api/all-statuses.ts";
import { nobodyAnswers } from "../api/ask.ts";
import { controllerAddresses } from "../api/controllers.ts";
import { readTrust, type Trust } from "../api/trust.ts";
import type { CliContext } from "../context.ts";
import { CommandError, EXIT } from "../exit-code.ts";
import { FullScreen } from "../full-screen.ts";
import { isHealthy } from "../health.ts";
import { note, print, printJson } from "../output.ts";
import { renderStatus } from "../render/status.ts";
import { paragraph } from "@carrick/core/report";
import { documented } from "./documentation.ts";
import { CONTROLLER_FLAGS, type ControllerFlags, OUTPUT_FLAG, type Output } from "./flags.ts";

interface Flags extends ControllerFlags {
  readonly output: Output;
  readonly watch: boolean;
  readonly check: boolean;
}

const WATCH_MS = 1000;

interface Question {
  readonly controllers: readonly URL[];
  readonly trust: Trust | undefined;
  readonly output: Output;
}

export const statusCommand = buildCommand<Flags, [], CliContext>({
  docs: documented({
    brief: "Show clusters, fleets of Envoys, the mesh, and objects with problems",
    about: `
Asks controllers what they know: of each cluster whether its objects are fresh,
stale (an earlier watch, or the copy on disk) or unknown; of each fleet its
Envoys with what they have not acknowledged or refused; of the mesh the nodes
and peers alike; and every object that was not accepted, with the field, the
reason and the fix.

An Envoy is connected to one replica, which alone knows of it: name all of them
with --controller or CARRICK_CONTROLLER to see every Envoy.`,
    examples: [
      ["carrick status", "one look"],
      ["carrick status --watch", "again every second, until Ctrl-C"],
      ["carrick status --check", "exit 1 if anything asks for a person; for scripts and alerts"],
      ["carrick status -o json | jq .problems", "everything, for programs"],
    ],
    exits: { 1: "with --check: something asks for a person, or a replica is silent", 5: "no controller answers" },
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
  async func({ controller, output, watch: again, check, ...files }) {
    const question = {
      controllers: controllerAddresses(controller, this.env),
      trust: await readTrust(files, this.env, this.now()),
      output,
    };
    if (again) return await watch(this, question);
    const statuses = await ask(question);
    if (output === "json") printJson(this, reportOf(statuses));
    else print(this, renderStatus(statuses, this.screen.width, this.screen.paint));
    const healthy = statuses.silent.length === 0 && statuses.reports.every(isHealthy);
    if (check && !healthy) this.process.exitCode = EXIT.wrong;
  },
});

async function ask({ controllers, trust }: Question, signal?: AbortSignal): Promise<Statuses> {
  const statuses = await allStatuses(controllers, { trust, signal });
  if (statuses.reports.length === 0) throw nobodyAnswers(statuses.silent);
  return statuses;
}

/** The JSON output: the report of the controller, or the reports of those that were named. */
function reportOf({ reports, silent }: Statuses): object {
  const [only, ...more] = reports;
  return only !== undefined && more.length + silent.length === 0 ? only : { replicas: reports, silent };
}

/** Controllers that do not answer for a while are said, and do not end the watch. */
async function watch(context: CliContext, question: Question): Promise<void> {
  const { screen } = context;
  const signal = context.interruption();
  using whole = question.output === "table" && screen.terminal ? new FullScreen(context) : undefined;
  while (!signal.aborted) {
    try {
      const statuses = await ask(question, signal);
      const lines = () => renderStatus(statuses, screen.width, screen.paint);
      if (question.output === "json") printJson(context, reportOf(statuses), 0);
      else if (whole === undefined) print(context, [...lines(), ""]);
      else whole.show(lines());
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof CommandError) || error.exit !== EXIT.unanswered) throw error;
      if (whole === undefined) note(context, error.message);
      else whole.show(paragraph(error.message, screen.width, ""));
    }
    await context.pause(WATCH_MS, signal).catch(() => undefined);
  }
}
