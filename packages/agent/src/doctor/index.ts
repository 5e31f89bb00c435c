/** `carrick agent doctor`: whether the mesh can run on this node, and what is to be done where it cannot. */
import { parseArgs, styleText } from "node:util";
import { ConfigError } from "@carrick/core/config";
import { checkLines, type CheckPaint } from "@carrick/core/report";
import { loadConfig } from "../config/load.ts";
import { examine } from "./examine.ts";
import { exitCode } from "./judge.ts";

const HELP = `carrick agent doctor [--config FILE] [-o json]

Looks whether the mesh can run on this node: rights, libbpf, the compiled programs, file
systems, and what the kernel can do, by loading and attaching the programs in places that
are made for it. Nothing is changed, and nothing stays. As root; what only root can try is
said to be unknown otherwise.

  --config FILE      configuration of the agent: its folders, and whether pods are Carrick's
  -o, --output FORM  table, or json
  --help

Exit codes: 0 the mesh can run (there may be warnings), 2 the command line or the
configuration is wrong, 3 the mesh cannot run here, 4 not everything could be looked at.
`;

const FORMAT = { title: "bold", good: "green", warning: "yellow", bad: "red" } as const;

/** The exit code. Throws `ConfigError`, and what `parseArgs` throws. */
export async function doctor(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: "string" },
      output: { type: "string", short: "o", default: "table" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (values.output !== "table" && values.output !== "json")
    throw new ConfigError(`--output is ${JSON.stringify(values.output)}; it can be table or json`);
  const checks = await examine(values.config === undefined ? undefined : loadConfig(values.config));
  const paint: CheckPaint = (tone, text) => styleText(FORMAT[tone], text, { stream: process.stdout });
  const lines =
    values.output === "json"
      ? [JSON.stringify({ checks }, undefined, 2)]
      : checkLines(checks, process.stdout.columns ?? 80, paint);
  process.stdout.write(`${lines.join("\n")}\n`);
  return exitCode(checks);
}
