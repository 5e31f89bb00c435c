import { parseArgs } from "node:util";
import { ConfigError } from "@carrick/core/config";
import { VERSION } from "@carrick/core/report";
import { XdsError } from "@carrick/xds";
import { loadConfig } from "./config/load.ts";
import { doctor } from "./doctor/index.ts";
import { createLogger } from "./log.ts";

const HELP = `carrick agent --config FILE [--check]
carrick agent doctor [--config FILE] [-o json]

Runs on every node, as root: follows the controllers of its cluster, keeps the service
map in the kernel, gives pods their interfaces. Stopping it stops nothing in the kernel.

  --config FILE   configuration, explained in docs/agent.md
  --check         check the configuration, then end
  doctor          look whether the mesh can run on this node; doctor --help says more
  --version, --help

Exit codes: 0 stopped by a signal, 1 cannot go on, 2 the configuration is wrong.
`;

/** The process: configuration in, exit code out. */
async function main(argv: readonly string[]): Promise<number> {
  try {
    if (argv[0] === "doctor") return await doctor(argv.slice(1));
    const { values } = parseArgs({
      args: [...argv],
      options: {
        config: { type: "string" },
        check: { type: "boolean", default: false },
        version: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return print(HELP);
    if (values.version) return print(`carrick ${VERSION}\n`);
    if (values.config === undefined)
      throw new ConfigError("--config is missing: name the configuration file; --help says more");
    const config = loadConfig(values.config);
    if (values.check) return print(`${values.config}: is right\n`);
    return await run(config);
  } catch (error) {
    process.stderr.write(`carrick agent: ${error instanceof Error ? error.message : String(error)}\n`);
    const usage = error instanceof ConfigError || error instanceof XdsError || isUsage(error);
    return usage ? 2 : 1;
  }
}

async function run(config: ReturnType<typeof loadConfig>): Promise<number> {
  // Loads the libraries of the kernel: where one is missing that is said, and everything above works without it.
  const { startAgent } = await import("./agent.ts");
  const log = createLogger(config.log.level);
  const { promise, resolve } = Promise.withResolvers<number>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(0));
  const agent = await startAgent(config, {
    version: VERSION,
    log,
    onFailure: (error) => {
      log.error({ err: error }, "cannot go on; what is in the kernel serves on");
      resolve(1);
    },
  });
  const code = await promise;
  await agent.close();
  return code;
}

function isUsage(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

process.exit(await main(process.argv.slice(2)));
