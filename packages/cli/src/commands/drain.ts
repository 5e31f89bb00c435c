import { buildCommand } from "@stricli/core";
import { firstStatus } from "../api/answers.ts";
import { controllerAddresses } from "../api/controllers.ts";
import { readTrust } from "../api/trust.ts";
import { readControllerConfig } from "../config/controller-config.ts";
import type { CliContext } from "../context.ts";
import { accessOf } from "../credentials/cluster-access.ts";
import { type DrainOutcome, setDrain } from "../drain/set-drain.ts";
import { progressSentence } from "../drain/wait.ts";
import { CommandError, EXIT } from "../exit-code.ts";
import { note, print, printJson } from "../output.ts";
import { counted, parseDuration } from "../render/quantity.ts";
import { printable } from "@carrick/core/report";
import { documented } from "./documentation.ts";
import {
  CONTROLLER_FLAGS,
  type ControllerFlags,
  KUBE_FLAGS,
  type KubeFlags,
  optionalTextFlag,
  OUTPUT_FLAG,
  type Output,
} from "./flags.ts";

interface Flags extends ControllerFlags, KubeFlags {
  readonly output: Output;
  readonly config?: string;
  readonly wait: boolean;
  readonly timeout: number;
}

interface DrainFlags extends Flags {
  readonly reason?: string;
  readonly force: boolean;
}

const FLAGS = {
  ...CONTROLLER_FLAGS,
  ...KUBE_FLAGS,
  output: OUTPUT_FLAG,
  config: optionalTextFlag("file", "Controller's configuration (CARRICK_CONFIG)"),
  wait: { kind: "boolean", default: true, brief: "Wait until every Envoy has taken it" },
  timeout: {
    kind: "parsed",
    parse: timeout,
    default: "60s",
    placeholder: "time",
    brief: "How long, as in 30s or 2m",
  },
} as const;

const CLUSTER = {
  kind: "tuple",
  parameters: [
    {
      parse: String,
      placeholder: "cluster",
      brief: "Name of the cluster, as in carrick status",
      proposeCompletions: clusterNames,
    },
  ],
} as const;

const EXITS = {
  1: "written, but not every Envoy has taken it in time (it goes on by itself)",
  5: "the API server, or every controller, does not answer",
} as const;

const WAY_IN = `
The record is the object Cluster/self (carrick.dev/v1) of that cluster, written
with your own credentials: those of --kubeconfig and --context, else those of
the controller's configuration file, else the context that is named like the
cluster.`;

export const drainCommand = buildCommand<DrainFlags, [cluster: string], CliContext>({
  docs: documented({
    brief: "Take a cluster out of service, without failing a request",
    about: `
New requests go to the other clusters; requests that are under way end where
they are. Refuses to drain the last cluster that takes requests.
${WAY_IN}`,
    examples: [
      ["carrick drain paris --reason 'kernel upgrade'", "drain, and wait until every Envoy has taken it"],
      ["carrick drain paris --config controller.yaml", "with the credentials of that file, if they may write"],
      ["carrick drain paris --no-wait", "only write the record"],
    ],
    exits: { ...EXITS, 3: "no other cluster would be left" },
  }),
  parameters: {
    flags: {
      ...FLAGS,
      reason: optionalTextFlag("text", "Why, for whoever looks at the object"),
      force: {
        kind: "boolean",
        default: false,
        withNegated: false,
        brief: "Also the last cluster; also without a controller",
      },
    },
    aliases: { o: "output" },
    positional: CLUSTER,
  },
  func(flags, cluster) {
    return run(this, cluster, { ...flags, drain: true });
  },
});

export const undrainCommand = buildCommand<Flags, [cluster: string], CliContext>({
  docs: documented({
    brief: "Bring a drained cluster back into service",
    about: `
New requests go to the cluster again as far as its endpoints are ready.
${WAY_IN}`,
    examples: [["carrick undrain paris", "undrain, and wait until every Envoy has taken it"]],
    exits: EXITS,
  }),
  parameters: { flags: FLAGS, aliases: { o: "output" }, positional: CLUSTER },
  func(flags, cluster) {
    return run(this, cluster, { ...flags, drain: false });
  },
});

/** Clusters of a controller that answers at once; none otherwise, for a person waits at the Tab key. */
async function clusterNames(this: CliContext, partial: string): Promise<string[]> {
  try {
    const { clusters } = await firstStatus(controllerAddresses(undefined, this.env), {
      trust: await readTrust({}, this.env, this.now()),
      timeoutMs: 1000,
    });
    return clusters.map(({ name }) => name).filter((name) => name.startsWith(partial));
  } catch (error) {
    if (error instanceof CommandError) return [];
    throw error;
  }
}

interface Request extends Flags {
  readonly drain: boolean;
  readonly reason?: string;
  readonly force?: boolean;
}

async function run(context: CliContext, cluster: string, request: Request): Promise<void> {
  const file = request.config ?? context.env["CARRICK_CONFIG"];
  const config = file === undefined ? undefined : await readControllerConfig(file);
  const outcome = await setDrain(context, {
    cluster,
    drain: request.drain,
    reason: request.reason,
    force: request.force === true,
    wait: request.wait,
    timeoutMs: request.timeout,
    controllers: controllerAddresses(request.controller, context.env, config?.listen?.api),
    trust: await readTrust(request, context.env, context.now()),
    access: accessOf(cluster, request, config?.clusters),
  });
  for (const sentence of outcome.silent) note(context, sentence);
  if (request.output === "json") printJson(context, outcome);
  else print(context, [printable(sentenceOf(outcome))]);
  context.process.exitCode = exitOf(outcome, request.wait);
}

function sentenceOf({ cluster, drain, changed, envoys, ...progress }: DrainOutcome): string {
  const is = `${cluster} is ${changed ? "" : "already "}${drain ? "drained" : "in service"}`;
  const written = `${cluster}: the ${drain ? "drain" : "end of the drain"} is written`;
  const sentences: Readonly<Record<DrainOutcome["envoys"], string>> = {
    taken: `${is}; ${counted(progress.taken.length, "Envoy has", "Envoys have")} taken it`,
    none: `${is}; no Envoy is connected`,
    late: `${written}, but ${progressSentence(progress)}; it goes on by itself, see carrick status`,
    interrupted: `${written}; only the waiting was stopped`,
    notAwaited: `${written}; see carrick status for what the Envoys have`,
  };
  return sentences[envoys];
}

function exitOf({ envoys }: DrainOutcome, wait: boolean): number {
  const notAwaited = wait ? EXIT.unanswered : EXIT.done;
  return { taken: EXIT.done, none: EXIT.done, late: EXIT.wrong, interrupted: EXIT.interrupted, notAwaited }[envoys];
}

function timeout(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0 || ms > 86_400_000) throw new Error("expected a time as in 500ms, 30s, 2m or 1h");
  return ms;
}
