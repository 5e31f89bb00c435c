/** Two clusters, two replicas of the controller over both, two Envoys: everything that the steps work on. */
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Authority, controllerName, createAuthority, edgeName, writeKeyPair } from "../../trust/index.ts";
import { type Addresses, chooseAddresses, CLUSTERS, type DemoCluster } from "./addresses.ts";
import { type CommandResult, runCarrick } from "../carrick-command.ts";
import { Cluster, kubeconfigOf } from "./cluster.ts";
import { Edge } from "./edge.ts";
import { DOMAIN, fleetName, Replica } from "./replica.ts";
import { DemoError, type RunFolder } from "../run-folder.ts";

/** The cluster that the certificates of the controllers and the Envoys name as their own. */
const HOME: DemoCluster = "london";

export interface World {
  readonly authority: Authority;
  readonly podPort: number;
  readonly clusters: Readonly<Record<DemoCluster, Cluster>>;
  readonly replicas: readonly [Replica, Replica];
  readonly edges: readonly [Edge, Edge];
  /** What a person puts into the environment to use `carrick` with this world. */
  readonly environment: Readonly<Record<string, string>>;
  carrick(...args: string[]): Promise<CommandResult>;
  /** Ends every process, whatever state it is in. */
  close(): Promise<void>;
}

interface Start {
  readonly run: RunFolder;
  readonly files: string;
  readonly addresses: Addresses;
  readonly authority: Authority;
  readonly authorityPath: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Starts everything. Throws when something does not start; what has started by then ends with this process. */
export async function startWorld(run: RunFolder): Promise<World> {
  const files = join(run.folder, "files");
  mkdirSync(files, { recursive: true, mode: 0o700 });
  const [authority, addresses] = await Promise.all([createAuthority("carrick demo"), chooseAddresses()]);
  const authorityPath = join(files, "authority.pem");
  writeFileSync(authorityPath, authority.certPem);
  const environment = {
    CARRICK_CONTROLLER: addresses.replicas.map(({ api }) => `http://${api.address}:${api.port}`).join(","),
    KUBECONFIG: CLUSTERS.map((name) => kubeconfigOf(name, files)).join(delimiter),
  };
  const start: Start = { run, files, addresses, authority, authorityPath, environment };
  // The definition of `Cluster` comes before the controllers: who does not find it looks again only every half minute.
  const clusters = Promise.all([startCluster("london", start), startCluster("paris", start)]);
  const replicas = clusters.then(() => Promise.all([startReplica(1, start), startReplica(2, start)]));
  const edges = Promise.all([startEdge(1, start), startEdge(2, start)]);
  const [[london, paris], [first, second], [one, two]] = await Promise.all([clusters, replicas, edges]);
  const processes = [
    ...[london, paris].flatMap((cluster) => [cluster.apiServer, ...cluster.pods()]),
    ...[first, second, one, two].map((part) => part.process),
  ];
  return {
    authority,
    podPort: addresses.podPort,
    clusters: { london, paris },
    replicas: [first, second],
    edges: [one, two],
    environment,
    carrick: (...args) => runCarrick(args, environment),
    close: async () => {
      london.close();
      paris.close();
      await Promise.all(processes.map((process) => process.stop()));
    },
  };
}

async function startCluster(
  name: DemoCluster,
  { run, files, addresses, authority, environment }: Start,
): Promise<Cluster> {
  const cluster = await Cluster.start({
    name,
    apiServer: addresses.apiServers[name],
    podPort: addresses.podPort,
    authority,
    files,
    data: join(run.folder, "data"),
    logs: run.logs,
  });
  await mustSucceed(runCarrick(["crds", "--apply", "--kubeconfig", cluster.kubeconfigPath], environment));
  return cluster;
}

async function startReplica(
  number: 1 | 2,
  { run, files, addresses, authority, authorityPath }: Start,
): Promise<Replica> {
  const name = `replica-${number}`;
  const pair = await authority.issue({
    uris: [controllerName(DOMAIN, HOME)],
    ips: [addresses.replicas[number - 1]!.xds.address],
  });
  return Replica.start(
    number,
    addresses,
    { files, logs: run.logs },
    {
      ...writeKeyPair(pair, files, name),
      authority: authorityPath,
      kubeconfigs: Object.fromEntries(CLUSTERS.map((cluster) => [cluster, kubeconfigOf(cluster, files)])),
      cache: join(run.folder, "cache", name),
    },
  );
}

async function startEdge(
  number: 1 | 2,
  { run, files, addresses, authority, authorityPath, environment }: Start,
): Promise<Edge> {
  const fleet = fleetName(number);
  const name = `envoy-${number}`;
  const pair = await authority.issue({ uris: [edgeName(DOMAIN, HOME, fleet, name)], usages: ["client"] });
  const { certificate, key } = writeKeyPair(pair, files, name);
  const command = ["edge", "bootstrap", "--fleet", fleet, "--name", name, "--authority", authorityPath];
  const controllers = addresses.replicas.flatMap(({ xds }) => ["--controller", `${xds.address}:${xds.port}`]);
  const { stdout } = await mustSucceed(
    runCarrick([...command, "--certificate", certificate, "--key", key, ...controllers], environment),
  );
  return Edge.start({
    fleet,
    name,
    addresses: addresses.edges[number - 1]!,
    bootstrap: stdout,
    folder: run.logs,
    sockets: run.sockets,
  });
}

async function mustSucceed(result: Promise<CommandResult>): Promise<CommandResult> {
  const { code, stdout, stderr } = await result;
  if (code === 0) return { code, stdout, stderr };
  throw new DemoError(`carrick ended with code ${code}: ${stderr.trim() || stdout.trim() || "it said nothing"}`);
}
