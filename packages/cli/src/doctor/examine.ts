import { type ControllerConfig, readControllerConfig } from "../config/controller-config.ts";
import type { ConfiguredApi } from "../api/controllers.ts";
import type { Trust } from "../api/trust.ts";
import { CommandError } from "../exit-code.ts";
import { checkCertificates } from "./certificates.ts";
import { type Check, problem } from "@carrick/core/report";
import { checkCluster } from "./cluster.ts";
import { checkConfiguration } from "./configuration.ts";
import { checkControllers } from "./controllers.ts";
import { checkEnvoy, checkNode } from "./machine.ts";
import { checkPort, type Listen } from "./ports.ts";

export interface Patient {
  readonly config: string | undefined;
  /** Which controllers to ask, where the configuration has the API at this address. */
  readonly controllers: (configured: ConfiguredApi | undefined) => readonly URL[];
  readonly trust: Trust | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nodeVersion: string;
  /** The folder of the running program. */
  readonly folder: string;
  readonly controllerProgram: readonly string[] | undefined;
  readonly now: () => number;
}

/** Looks at everything at once; the findings come in a fixed order. */
export async function examine(patient: Patient): Promise<Check[]> {
  const { config: file, controllers, trust, env, folder, nodeVersion } = patient;
  const { config, finding } = file === undefined ? {} : await readConfiguration(file);
  const answering = checkControllers(controllers(config?.listen?.api), trust);
  const found = await Promise.all([
    checkEnvoy(env, folder),
    ...(file === undefined || config === undefined ? [] : [checkConfigured(file, config, patient, answering)]),
    answering,
  ]);
  return [checkNode(nodeVersion), ...(finding === undefined ? [] : [finding]), ...found.flat()];
}

interface Reading {
  readonly config?: ControllerConfig;
  /** Why there is no `config`. */
  readonly finding?: Check;
}

async function readConfiguration(file: string): Promise<Reading> {
  try {
    return { config: await readControllerConfig(file) };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const fix = "correct it; nothing that depends on it was looked at";
    return { finding: problem("configuration", error.message, fix) };
  }
}

async function checkConfigured(
  file: string,
  config: ControllerConfig,
  { controllerProgram, now }: Patient,
  answering: Promise<Check[]>,
): Promise<Check[]> {
  const { tls, domain, clusters } = config;
  const running = (await answering).some(({ level }) => level !== "problem");
  const [checked, ...others] = await Promise.all([
    checkConfiguration(file, controllerProgram),
    ...(tls === undefined ? [] : [checkCertificates(tls, domain, now())]),
    ...clusters.map((cluster) => checkCluster(cluster, now)),
    ...listens(config).map((listen) => checkPort(listen, running)),
  ]);
  // The controller looks at these paths too, and what is wrong with them is said once.
  const paths = [...Object.values(tls ?? {}), ...clusters.flatMap(({ files }) => files ?? [])];
  const ofFiles = ({ says }: Check) => paths.some((path) => says.startsWith(`${path}: `));
  return [...checked.filter((check) => !ofFiles(check)), ...others.flat(2)];
}

function listens({ listen }: ControllerConfig): Listen[] {
  return Object.entries(listen ?? {}).flatMap(([name, at]) =>
    at === undefined ? [] : [{ field: `listen.${name}`, ...at }],
  );
}
