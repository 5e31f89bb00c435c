/** The agent as it is shipped, as a process with a cgroup and pins of its own; nothing of it stays. */
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { stringify } from "yaml";
import { cgroup2Root, ensureBpfFilesystem, uninstall } from "../../packages/agent/src/bpf/index.ts";
import { CHECKOUT } from "../../packages/lab/src/process/checkout.ts";
import { freePort, type Program, spawnTied, startProgram } from "../../packages/lab/src/process/index.ts";
import { type Authority, nodeName, writeKeyPair } from "../../packages/lab/src/trust/index.ts";
import { DOMAIN } from "../e2e/replica.ts";

const AGENT = join(CHECKOUT, "build", "agent.mjs");
const HOST = "127.0.0.1";

export interface Ended {
  readonly code: number | null;
  /** Lines of standard error. */
  readonly said: readonly string[];
}

export interface AgentBed {
  readonly folder: string;
  readonly cgroup: string;
  readonly pins: string;
  readonly metricsPort: number;
  /** Writes the configuration, which is right unless `more` changes that; gives its path. */
  configure(more?: object): string;
  /** Gives the node another certificate. */
  certify(authority: Authority, uri: string): Promise<void>;
  /** Runs the agent to its end. `around` becomes the agent at last: `setpriv …`. */
  run(config: string, around?: readonly string[]): Promise<Ended>;
  /** Resolves when it says that it has started. */
  start(config: string, around?: readonly string[]): Promise<Program<true>>;
  /** Messages of its log until now. */
  logged(): string[];
  get(path: string): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** `servers`: ports of controllers on the loopback. */
export async function openAgentBed(authority: Authority, servers: readonly number[]): Promise<AgentBed> {
  const stack = new AsyncDisposableStack();
  try {
    return await fill(authority, servers, stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function fill(authority: Authority, servers: readonly number[], stack: AsyncDisposableStack): Promise<AgentBed> {
  ensureBpfFilesystem();
  const folder = mkdtempSync(join(tmpdir(), "carrick-agent-"));
  const name = basename(folder);
  const [cgroup, pins] = [join(cgroup2Root(), name), join("/sys/fs/bpf", name)];
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(cgroup);
  stack.defer(() => rmdirSync(cgroup));
  stack.defer(() => {
    for (const part of ["services", "pods"]) uninstall(join(pins, part));
    rmSync(pins, { recursive: true, force: true });
  });
  const metricsPort = await freePort([HOST]);
  const certify = async (issuer: Authority, uri: string) => {
    writeKeyPair(await issuer.issue({ uris: [uri] }), folder, "agent");
  };
  writeFileSync(join(folder, "ca.pem"), authority.certPem);
  await certify(authority, nodeName(DOMAIN, "london", "n1"));
  const configPath = join(folder, "agent.yaml");
  const args = (config: string, around: readonly string[]): [string, ...string[]] => {
    const command = [...around, process.execPath, AGENT, "--config", config];
    return command as [string, ...string[]];
  };
  return {
    folder,
    cgroup,
    pins,
    metricsPort,
    certify,
    configure: (more = {}) => {
      const right = {
        cluster: "london",
        node: "n1",
        domain: DOMAIN,
        controllers: servers.map((port) => ({ address: HOST, port })),
        tls: { certificate: "agent.pem", key: "agent.key", authority: "ca.pem" },
        metrics: { address: HOST, port: metricsPort },
        runDir: "run",
        bpf: { folder: pins, cgroup },
      };
      writeFileSync(configPath, stringify({ ...right, ...more }));
      return configPath;
    },
    run: async (config, around = []) => {
      const [command, ...rest] = args(config, around);
      const tied = await spawnTied({ command, args: rest, stdio: ["ignore", "ignore", "pipe"] });
      const [said, { code }] = await Promise.all([text(tied.child.stderr!), tied.exited]);
      return { code, said: said.trimEnd().split("\n") };
    },
    start: async (config, around = []) => {
      const [command, ...rest] = args(config, around);
      const ready = (line: string) => (line.includes('"started"') ? true : undefined);
      const program = await startProgram<true>({ name: "agent", command, args: rest, logFolder: folder, ready });
      stack.defer(async () => void (await program.stop()));
      return program;
    },
    logged: () =>
      readFileSync(join(folder, "agent.log"), "utf8")
        .split("\n")
        .filter((line) => line.startsWith("{") && line.endsWith("}"))
        .map((line) => (JSON.parse(line) as { msg: string }).msg),
    get: async (path) => (await fetch(`http://${HOST}:${metricsPort}${path}`)).text(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
