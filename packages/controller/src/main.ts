import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ConfigError } from "@carrick/core/config";
import { loadConfig } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import { readCertificate, wrongControllerName } from "./config/controller-certificate.ts";
import { wrongPaths } from "./config/wrong-paths.ts";
import { startController } from "./controller.ts";
import { createLogger } from "./log.ts";
import { VERSION } from "@carrick/core/report";

const HELP = `carrick controller --config FILE [--check]

Watches the clusters that the configuration names, merges their Ingresses and serves
edge Envoys over delta xDS with mutual TLS. Any number of replicas may run; they are equal.

  --config FILE   configuration, explained in docs/configuration.md
  --check         check the configuration and its certificate files, then end
  --version, --help

Exit codes: 0 stopped by a signal, 1 cannot go on, 2 the configuration is wrong.
`;

/** The process: configuration in, exit code out. */
async function main(argv: readonly string[]): Promise<number> {
  let file: string;
  let check: boolean;
  try {
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
    file = values.config;
    check = values.check;
  } catch (error) {
    return complain(error, 2);
  }
  try {
    const config = loadConfig(file);
    if (check) return await checkConfig(config, file);
    const log = createLogger(config.log.level);
    const controller = await startController(config, { replica: config.replica ?? hostname(), version: VERSION, log });
    void controller.serving.then(keepHeapSmall);
    await stopSignal();
    await controller.close();
    return 0;
  } catch (error) {
    return complain(error, error instanceof ConfigError ? 2 : 1);
  }
}

/**
 * While it loads, V8 may grow its heap for speed; a process that waits most of the time pays for that in memory. What
 * loading left behind is given back now: V8 would wait for an idle time, which busy clusters may never give.
 */
function keepHeapSmall(): void {
  setFlagsFromString("--optimize-for-size");
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: { type: "major"; flavor: "last-resort" }) => void;
  collect({ type: "major", flavor: "last-resort" });
}

/** Looks at everything that the configuration names, without starting anything. */
async function checkConfig(config: Config, file: string): Promise<number> {
  const { certificate } = readCertificate(config.tls);
  const unnamed = wrongControllerName(certificate, config.domain);
  const wrong = [
    ...(unnamed === undefined ? [] : [`${config.tls.certificate}: ${unnamed}`]),
    ...(await wrongPaths(config)),
  ];
  if (wrong.length > 0) throw new ConfigError(wrong.join("\n"));
  return print(`${file}: is right\n`);
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function complain(error: unknown, code: number): number {
  process.stderr.write(`carrick controller: ${error instanceof Error ? error.message : String(error)}\n`);
  return code;
}

process.exit(await main(process.argv.slice(2)));
