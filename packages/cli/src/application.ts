import { type Application, buildApplication, buildRouteMap, text_en } from "@stricli/core";
import { completionCommand } from "./commands/completion.ts";
import { crdsCommand } from "./commands/crds.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { drainCommand, undrainCommand } from "./commands/drain.ts";
import { edgeBootstrapCommand } from "./commands/edge-bootstrap.ts";
import { elsewhere } from "./commands/elsewhere.ts";
import { explainCommand } from "./commands/explain.ts";
import { optionalTextFlag } from "./commands/flags.ts";
import { serviceCommand } from "./commands/service.ts";
import { statusCommand } from "./commands/status.ts";
import { versionCommand } from "./commands/version.ts";
import type { CliContext } from "./context.ts";
import { CommandError, EXIT, reasonOf } from "./exit-code.ts";
import { printable } from "@carrick/core/report";

const ABOUT = `One network over many Kubernetes clusters: one Envoy edge over the Ingresses of
all.

EXAMPLES
  carrick status                              what is known, and what is wrong
  carrick explain https://shop.example/cart   where a request goes, and why
  carrick explain london:shop/web shop/cart   where a pod's connection goes
  carrick service shop/cart                   how nodes serve a Service
  carrick drain paris                         take a cluster out of service
  carrick doctor --config controller.yaml     check everything, with fixes
  carrick agent doctor                        on a node: can the mesh run here?

ENVIRONMENT
  CARRICK_CONTROLLER   controllers to ask, separated by commas;
                       else http://127.0.0.1:18001
  CARRICK_CERTIFICATE, CARRICK_KEY, CARRICK_AUTHORITY
                       operator's certificate, for controllers on other machines
  CARRICK_CONFIG       configuration file of the controller
  NO_COLOR             no colours

EXIT CODES
   0  done                            4  not known yet
   1  something is wrong              5  nobody answers
   2  wrong command line or file     70  a defect of Carrick
   3  refused`;

export const application: Application<CliContext> = buildApplication<CliContext>(
  buildRouteMap({
    routes: {
      status: statusCommand,
      explain: explainCommand,
      service: serviceCommand,
      drain: drainCommand,
      undrain: undrainCommand,
      doctor: doctorCommand,
      edge: buildRouteMap({
        routes: { bootstrap: edgeBootstrapCommand },
        docs: { brief: "Set up edge Envoys" },
      }),
      crds: crdsCommand,
      controller: elsewhere<{ readonly config?: string; readonly check?: boolean }>({
        name: "controller",
        program: "controller",
        brief: "Run a controller: watch clusters, serve edge Envoys",
        flags: {
          config: optionalTextFlag("file", "Configuration, explained in docs/configuration.md"),
          check: { kind: "boolean", optional: true, withNegated: false, brief: "Check the configuration, then end" },
        },
      }),
      agent: elsewhere<{ readonly config?: string; readonly check?: boolean }>({
        name: "agent",
        program: "agent",
        brief: "Run the agent of a node, or look whether the mesh can run here (agent doctor)",
        words: ["doctor"],
        flags: {
          config: optionalTextFlag("file", "Configuration of the agent"),
          check: { kind: "boolean", optional: true, withNegated: false, brief: "Check the configuration, then end" },
        },
      }),
      lab: elsewhere({
        name: "lab",
        program: "lab",
        brief: "Clusters on this machine, to try Carrick and to test it",
        words: ["demo", "api-server", "backend"],
        flags: {},
      }),
      demo: elsewhere({
        name: "demo",
        program: "lab",
        brief: "The demo: two clusters behind one real Envoy, every claim checked",
        words: ["1", "2", "3", "4", "5", "6", "7"],
        flags: {},
      }),
      completion: completionCommand,
      version: versionCommand,
    },
    docs: { brief: "One network over many Kubernetes clusters", fullDescription: ABOUT },
  }),
  {
    name: "carrick",
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    documentation: { onlyRequiredInUsageLine: true, useAliasInUsageLine: false },
    localization: {
      text: {
        ...text_en,
        exceptionWhileParsingArguments: (error, colour) =>
          sentence(`${text_en.exceptionWhileParsingArguments(error, colour)}; --help shows how it is written`),
        exceptionWhileRunningCommand: (error) =>
          sentence(error instanceof CommandError ? error.message : defect(error)),
        commandErrorResult: (error) => sentence(error.message),
        noCommandRegisteredForInput: ({ input, corrections }) =>
          sentence(
            corrections.length === 0
              ? `there is no command "${input}"; carrick --help lists them`
              : `there is no command "${input}"; did you mean ${corrections.join(" or ").replaceAll("`", "")}?`,
          ),
      },
    },
    determineExitCode: (error) => (error instanceof CommandError ? error.exit : EXIT.defect),
  },
);

function sentence(message: string): string {
  return `carrick: ${message.split("\n").map(printable).join("\n")}`;
}

function defect(error: unknown): string {
  const stack = error instanceof Error && error.stack !== undefined ? error.stack : reasonOf(error);
  return `a defect of Carrick, please report it: ${stack}`;
}
