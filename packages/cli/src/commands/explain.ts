import { buildCommand } from "@stricli/core";
import { explanationOf } from "../api/answers.ts";
import type { AskOptions } from "../api/ask.ts";
import { controllerAddresses } from "../api/controllers.ts";
import { callOf } from "../api/service-answer.ts";
import { readTrust } from "../api/trust.ts";
import type { CliContext } from "../context.ts";
import { EXIT, usageError } from "../exit-code.ts";
import { print, printJson } from "../output.ts";
import { renderCall } from "../render/call.ts";
import { renderExplain } from "../render/explain.ts";
import { differs, placeBeside } from "../service/beside.ts";
import { kernelOf } from "../service/kernel-of.ts";
import { documented } from "./documentation.ts";
import {
  AGENT_FLAG,
  CONTROLLER_FLAGS,
  type ControllerFlags,
  optionalTextFlag,
  OUTPUT_FLAG,
  type Output,
} from "./flags.ts";

interface Flags extends ControllerFlags {
  readonly output: Output;
  readonly fleet?: string;
  readonly port?: string;
  readonly agent?: string;
}

const EXITS = {
  routed: EXIT.done,
  direct: EXIT.done,
  refused: EXIT.refused,
  unknown: EXIT.unknown,
} as const;

export const explainCommand = buildCommand<Flags, [from: string, service?: string], CliContext>({
  docs: documented({
    brief: "Say where a request or a connection goes, and which objects decide it",
    about: `
Of a URL: follows a request through the listener, the certificate, the host, the
path, the Service and the clusters to the endpoints that would get it.

Of a pod and a Service: follows a connection of the mesh through the Service and
the clusters that share it, and says what each of them gets and why. With
--agent, on the pod's node and as root, also what the kernel there holds. The
pod's name may be the beginning of one, and the cluster is the controller's if
none is named.

Every decision cites the objects that made it, with the resourceVersion that was
read.`,
    examples: [
      ["carrick explain https://shop.example/cart", "why this URL goes where it goes"],
      ["carrick explain https://shop.example/cart --fleet public", "as the Envoys of one fleet see it"],
      ["carrick explain london:shop/web shop/cart", "why a connection from this pod goes where it goes"],
      [
        "carrick explain shop/web shop/cart --agent /run/carrick/inspect.sock",
        "and what the kernel of this node holds",
      ],
      ["carrick explain https://shop.example/cart -o json", "everything, for programs"],
    ],
    exits: {
      0: "routed to endpoints",
      1: "the kernel holds something else (--agent)",
      3: "the edge answers by itself, or the connection is refused",
      4: "not known yet: a cluster has not been seen since the controller started",
      5: "no controller, or no agent, answers",
    },
  }),
  parameters: {
    flags: {
      ...CONTROLLER_FLAGS,
      output: OUTPUT_FLAG,
      fleet: optionalTextFlag("name", "Of a URL: the fleet of Envoys; the first of the configuration if not given"),
      port: optionalTextFlag("port", "Of a Service: name or number of its port; the first if not given"),
      agent: AGENT_FLAG,
    },
    aliases: { o: "output" },
    positional: {
      kind: "tuple",
      parameters: [
        { parse: String, placeholder: "from", brief: "https://shop.example/cart, or a pod as london:shop/web" },
        { parse: String, placeholder: "service", brief: "Of a pod: namespace/name, as in shop/cart", optional: true },
      ],
    },
  },
  async func(flags, from, service) {
    const controllers = controllerAddresses(flags.controller, this.env);
    const trust = await readTrust(flags, this.env, this.now());
    if (service === undefined) await explainUrl(this, flags, controllers, from, { trust });
    else await explainCall(this, flags, controllers, { from, service }, { trust });
  },
});

async function explainUrl(
  context: CliContext,
  { fleet, output, port, agent }: Flags,
  controllers: readonly URL[],
  url: string,
  options: AskOptions,
): Promise<void> {
  if (port !== undefined || agent !== undefined)
    throw usageError("--port and --agent are of a pod and a Service; name both, as in london:shop/web shop/cart");
  const report = await explanationOf(controllers, url, fleet, options);
  if (output === "json") printJson(context, report);
  else print(context, renderExplain(report, context.screen.width, context.screen.paint));
  context.process.exitCode = EXITS[report.outcome];
}

async function explainCall(
  context: CliContext,
  { fleet, output, port, agent }: Flags,
  controllers: readonly URL[],
  { from, service }: { readonly from: string; readonly service: string },
  options: AskOptions,
): Promise<void> {
  if (fleet !== undefined) throw usageError("--fleet is of a URL; pods do not go by the edge");
  const report = await callOf(controllers, from, service, port, options);
  const ports = report.port === undefined ? [] : [report.port];
  const kernel = await kernelOf(agent, ports);
  if (kernel !== undefined && kernel.cluster !== report.client.cluster)
    throw usageError(`this is a node of ${kernel.cluster}, and the pod is of ${report.client.cluster}; ask there`);
  const beside = placeBeside(ports, kernel);
  const { width, paint } = context.screen;
  if (output === "json") printJson(context, kernel === undefined ? report : { model: report, kernel });
  else print(context, renderCall(report, beside, kernel, width, paint));
  context.process.exitCode = beside.some(differs) ? EXIT.wrong : EXITS[report.outcome];
}
