import { type ControllerConfig, readControllerConfig } from "../config/controller-config.ts";
import type { Trust } from "../api/trust.ts";
import { CommandError } from "../exit-code.ts";
import { checkCertificates } from "./certificates.ts";
import { type Check, problem } from "./check.ts";
import { checkCluster } from "./cluster.ts";
import { checkConfiguration } from "./configuration.ts";
import { checkControllers } from "./controllers.ts";
import { checkEnvoy, checkNode } from "./machine.ts";
import { checkPort, type Listen } from "./ports.ts";

export interface Patient {
  readonly config: string | undefined;
  readonly controllers: readonly URL[];
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
  const { config: file, controllers, trust, now } = patient;
  const answering = checkControllers(controllers, trust);
  const found = await Promise.all([
    checkEnvoy(patient.env, patient.folder),
    ...(file === undefined ? [] : [checkFile(file, patient, answering, now)]),
    answering,
  ]);
  return [checkNode(patient.nodeVersion), ...found.flat()];
}

async function checkFile(
  file: string,
  { controllerProgram }: Patient,
  answering: Promise<Check[]>,
  now: () => number,
): Promise<Check[]> {
  let config: ControllerConfig;
  try {
    config = await readControllerConfig(file);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return [problem("configuration", error.message, "correct it; nothing that depends on it was looked at")];
  }
  const { tls, domain, clusters } = config;
  const running = (await answering).some(({ level }) => level !== "problem");
  const found = await Promise.all([
    checkConfiguration(file, controllerProgram),
    ...(tls === undefined ? [] : [checkCertificates(tls, domain, now())]),
    ...clusters.map((cluster) => checkCluster(cluster, now)),
    ...listens(config).map((listen) => checkPort(listen, running)),
  ]);
  return found.flat();
}

function listens({ listen }: ControllerConfig): Listen[] {
  return Object.entries(listen ?? {}).flatMap(([name, at]) =>
    at === undefined ? [] : [{ field: `listen.${name}`, ...at }],
  );
}
