import { buildCommand } from "@stricli/core";
import { controllerAddresses } from "../api/controllers.ts";
import { serviceOf } from "../api/service-answer.ts";
import { readTrust } from "../api/trust.ts";
import type { CliContext } from "../context.ts";
import { EXIT, usageError } from "../exit-code.ts";
import { print, printJson } from "../output.ts";
import { renderService } from "../render/service.ts";
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
  readonly cluster?: string;
  readonly agent?: string;
}

export const serviceCommand = buildCommand<Flags, [string], CliContext>({
  docs: documented({
    brief: "Show how the nodes of a cluster serve a Service, and what the kernel of one holds",
    about: `
Asks a controller which clusters have the Service, at which addresses and ports
its nodes serve it, which groups of endpoints take new connections, and which
share each endpoint gets.

With --agent, on a node and as root, also what the kernel of that node holds,
read from its maps by the node's agent: endpoints that are missing there or are
only there, and the health that the node sees of each cluster.`,
    examples: [
      ["carrick service shop/cart", "as the nodes of the controller's cluster serve it"],
      ["carrick service shop/cart --agent /run/carrick/inspect.sock", "beside what the kernel of this node holds"],
      ["carrick service shop/cart -o json", "everything, for programs"],
    ],
    exits: {
      1: "the kernel holds something else (--agent)",
      5: "no controller, or no agent, answers",
    },
  }),
  parameters: {
    flags: {
      ...CONTROLLER_FLAGS,
      output: OUTPUT_FLAG,
      cluster: optionalTextFlag("name", "Whose nodes; those of the controller's cluster if not given"),
      agent: AGENT_FLAG,
    },
    aliases: { o: "output" },
    positional: {
      kind: "tuple",
      parameters: [{ parse: String, placeholder: "service", brief: "namespace/name, as in shop/cart" }],
    },
  },
  async func(flags, service) {
    const controllers = controllerAddresses(flags.controller, this.env);
    const trust = await readTrust(flags, this.env, this.now());
    const report = await serviceOf(controllers, service, flags.cluster, { trust });
    const kernel = await kernelOf(flags.agent, report.ports);
    if (kernel !== undefined && kernel.cluster !== report.here)
      throw usageError(
        `this is a node of ${kernel.cluster}, and the controller told of nodes of ${report.here}; add --cluster ${kernel.cluster}`,
      );
    const beside = placeBeside(report.ports, kernel);
    if (flags.output === "json") printJson(this, kernel === undefined ? report : { model: report, kernel });
    else print(this, renderService(report, beside, kernel, this.screen.width, this.screen.paint));
    if (beside.some(differs)) this.process.exitCode = EXIT.wrong;
  },
});
