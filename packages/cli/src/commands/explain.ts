import { buildCommand } from "@stricli/core";
import { explanationOf } from "../api/answers.ts";
import { controllerAddresses } from "../api/controllers.ts";
import { readTrust } from "../api/trust.ts";
import type { CliContext } from "../context.ts";
import { EXIT } from "../exit-code.ts";
import { print, printJson } from "../output.ts";
import { renderExplain } from "../render/explain.ts";
import { documented } from "./documentation.ts";
import { CONTROLLER_FLAGS, type ControllerFlags, optionalTextFlag, OUTPUT_FLAG, type Output } from "./flags.ts";

interface Flags extends ControllerFlags {
  readonly output: Output;
  readonly fleet?: string;
}

const EXITS = { routed: EXIT.done, refused: EXIT.refused, unknown: EXIT.unknown } as const;

export const explainCommand = buildCommand<Flags, [url: string], CliContext>({
  docs: documented({
    brief: "Say where a request goes, and which objects decide it",
    about: `
Follows a request through the listener, the certificate, the host, the path,
the Service and the clusters to the endpoints that would get it. Every decision
cites the objects that made it, with the resourceVersion that was read.`,
    examples: [
      ["carrick explain https://shop.example/cart", "why this URL goes where it goes"],
      ["carrick explain https://shop.example/cart --fleet public", "as the Envoys of one fleet see it"],
      ["carrick explain https://shop.example/cart -o json", "everything, for programs"],
    ],
    exits: {
      0: "the request is routed to endpoints",
      3: "the edge answers by itself, for example with 404",
      4: "not known yet: a cluster has not been seen since the controller started",
      5: "no controller answers",
    },
  }),
  parameters: {
    flags: {
      ...CONTROLLER_FLAGS,
      output: OUTPUT_FLAG,
      fleet: optionalTextFlag("name", "Fleet of Envoys to ask about; the first of the configuration if not given"),
    },
    aliases: { o: "output" },
    positional: {
      kind: "tuple",
      parameters: [{ parse: String, placeholder: "url", brief: "http or https URL, as in https://shop.example/cart" }],
    },
  },
  async func(flags, url) {
    const controllers = controllerAddresses(flags.controller, this.env);
    const trust = await readTrust(flags, this.env, this.now());
    const report = await explanationOf(controllers, url, flags.fleet, { trust });
    if (flags.output === "json") printJson(this, report);
    else print(this, renderExplain(report, this.screen.width, this.screen.paint));
    this.process.exitCode = EXITS[report.outcome];
  },
});
