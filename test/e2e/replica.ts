/** One controller of an end-to-end test: the bundle that is shipped, as a process. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExplainReport, StatusReport } from "@carrick/core/report";
import { stringify } from "yaml";
import { CHECKOUT } from "../../packages/lab/src/process/checkout.ts";
import { parseMetrics } from "../../packages/lab/src/demo/metrics.ts";
import { freePort, type Program, Restartable, startProgram } from "../../packages/lab/src/process/index.ts";
import { type Authority, controllerName } from "../../packages/lab/src/trust/index.ts";

export const DOMAIN = "carrick.local";

export interface BedReplica {
  readonly process: Restartable<Program<true>>;
  readonly xdsPort: number;
  status(): Promise<StatusReport>;
  explain(url: string): Promise<ExplainReport>;
  /** Rows of a table of the debugging API, by key. */
  rows(table: string): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>>;
  /** `/readyz`: status and text. */
  readyz(): Promise<{ readonly status: number; readonly text: string }>;
  /** The sum of a metric over the series whose labels match. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
}

export interface ReplicaInputs {
  readonly name: string;
  /** Whose controller its certificate says that it is. */
  readonly cluster: string;
  readonly folder: string;
  readonly authority: Authority;
  /** What its configuration says beside its name, listeners and certificate. */
  readonly config: () => object;
  /** A free port when not given. */
  readonly xdsPort?: number;
  readonly stack: AsyncDisposableStack;
}

export async function openReplica(inputs: ReplicaInputs): Promise<BedReplica> {
  const { name, cluster, folder, authority, stack } = inputs;
  const { certPem, keyPem } = await authority.issue({ uris: [controllerName(DOMAIN, cluster)], ips: ["127.0.0.1"] });
  writeFileSync(join(folder, `${name}.pem`), certPem);
  writeFileSync(join(folder, `${name}.key`), keyPem, { mode: 0o600 });
  const [xdsPort, apiPort, metricsPort] = [
    inputs.xdsPort ?? (await freePort(["127.0.0.1"])),
    await freePort(["127.0.0.1"]),
    await freePort(["127.0.0.1"]),
  ];
  const address = "127.0.0.1";
  const config = {
    replica: name,
    domain: DOMAIN,
    listen: {
      xds: { address, port: xdsPort },
      api: { address, port: apiPort },
      metrics: { address, port: metricsPort },
    },
    tls: { certificate: `${name}.pem`, key: `${name}.key`, authority: "ca.pem" },
    ...inputs.config(),
  };
  const configPath = join(folder, `${name}.yaml`);
  writeFileSync(configPath, stringify(config));
  const program = await Restartable.start(() =>
    startProgram<true>({
      name,
      command: process.execPath,
      args: [join(CHECKOUT, "build", "controller.mjs"), "--config", configPath],
      logFolder: folder,
      ready: (line) => (line.includes('"started"') ? true : undefined),
    }),
  );
  stack.defer(() => program.stop());
  const fetchText = async (port: number, path: string) => {
    const response = await fetch(`http://${address}:${port}${path}`, { signal: AbortSignal.timeout(5000) });
    return { status: response.status, text: await response.text() };
  };
  return {
    process: program,
    xdsPort,
    status: async () => JSON.parse((await fetchText(apiPort, "/v1/status")).text) as StatusReport,
    explain: async (url) =>
      JSON.parse((await fetchText(apiPort, `/v1/explain?url=${encodeURIComponent(url)}`)).text) as ExplainReport,
    rows: async (table) =>
      JSON.parse((await fetchText(apiPort, `/v1/tables/${table}`)).text) as Record<string, Record<string, unknown>>,
    readyz: () => fetchText(metricsPort, "/readyz"),
    metric: async (metric, labels = {}) => {
      const samples = parseMetrics((await fetchText(metricsPort, "/metrics")).text, metric);
      return samples
        .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
        .reduce((sum, { value }) => sum + value, 0);
    },
  };
}
