/** The CNI plugin's real client, and a node with pods on the real kernel. */
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Ipam } from "../ipam/index.ts";
import { addAddress, listLinks, type Namespace, setLinkUp } from "../net/index.ts";
import { testNamespace } from "../net/namespace/fixture.ts";
import { type CniServer, CniPlugin, type Node, type PodNetwork, prepareNode, startCniServer } from "./index.ts";

const CHECKOUT = fileURLToPath(new URL("../../../..", import.meta.url));
const SOURCES = fileURLToPath(new URL("../../../../datapath/cni", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Builds `build/carrick-cni` if its sources have changed; gives its path. */
export function buildClient(): string {
  const output = `${CHECKOUT}build/carrick-cni`;
  return buildFrom(["./build", output], output);
}

/** Runs a command in the folder of the client's sources, which has to make `output`. */
export function buildFrom([command, ...args]: readonly [string, ...string[]], output: string): string {
  const { status, stderr, error } = spawnSync(command, args, { cwd: SOURCES });
  if (error !== undefined || status !== 0) throw new Error(`${command}: ${error?.message ?? stderr.toString()}`);
  return output;
}

/** Runs the client to its end, as a runtime does. */
export function runClient(env: NodeJS.ProcessEnv, input: string, program = buildClient()): Promise<Ended> {
  const child = spawn(program, [], { env, stdio: ["pipe", "pipe", "pipe"] });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // It may end without having read everything.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    );
  });
}

/** What a runtime passes for an operation on a pod, beside the pod itself. */
export interface Asked {
  readonly config?: object;
  readonly env?: NodeJS.ProcessEnv;
}

export interface TestPod {
  readonly namespace: Namespace;
  readonly containerId: string;
}

export interface Bed {
  readonly node: Node;
  readonly folder: string;
  readonly podCidrs: readonly string[];
  /** What an operator would have been told. */
  readonly problems: string[];
  ipam: Ipam;
  plugin: CniPlugin;
  server: CniServer;
  newPod(): TestPod;
  /** Runs the client for a pod, or for none. */
  run(command: string, pod?: TestPod, asked?: Asked): Promise<Ended>;
  /** Gives the result of an ADD that must work. */
  add(pod: TestPod, asked?: Asked): Promise<Result>;
  /** Another agent on what this one left, as after a restart. */
  restart(): Promise<void>;
  /** Links of the node beside `lo`, and files of given addresses. */
  leftovers(): string[];
}

/** Of an ADD. */
export interface Result {
  readonly cniVersion: string;
  readonly interfaces: readonly { readonly name: string; readonly mac: string; readonly sandbox?: string }[];
  readonly ips: readonly { readonly address: string; readonly gateway: string }[];
  readonly routes: readonly { readonly dst: string; readonly gw: string }[];
}

export interface BedOptions {
  readonly podCidrs?: readonly string[];
  readonly cniVersion?: string;
  readonly pods?: Partial<PodNetwork>;
}

export const NODE_ADDRESSES = ["172.30.1.11", "fd30::1:11"];
const DUAL_STACK = ["10.11.1.0/24", "fd10:1:1::/64"];

/** A node in a network namespace, with its agent; all of it is gone when the test ends. */
export async function cniBed(t: TestContext, options: BedOptions = {}): Promise<Bed> {
  const { podCidrs = DUAL_STACK, cniVersion = "1.1.0", pods = {} } = options;
  // A tmpfs, as /run is.
  const folder = mkdtempSync("/dev/shm/carrick-cni-");
  const namespace = testNamespace(t);
  const net = namespace.rtnetlink();
  for (const address of NODE_ADDRESSES) addAddress(net, "lo", { address });
  setLinkUp(net, "lo");
  const node: Node = { namespace, net, addresses: NODE_ADDRESSES };
  const problems: string[] = [];
  const ipamFolder = join(folder, "ipam");
  const network = { unready: () => undefined, podAdded: nothing, podRemoved: nothing, ...pods };
  const start = async (): Promise<Pick<Bed, "ipam" | "plugin" | "server">> => {
    const ipam = new Ipam({ folder: ipamFolder, podCidrs });
    prepareNode(node, ipam.families);
    const onProblem = (problem: string): void => void problems.push(problem);
    const plugin = new CniPlugin({ ipam, node, pods: network, mtu: 1450, onProblem });
    const path = join(folder, "agent.sock");
    return { ipam, plugin, server: await startCniServer({ path, answer: plugin.answer.bind(plugin), onProblem }) };
  };
  const program = buildClient();
  const bed: Bed = {
    node,
    folder,
    podCidrs,
    problems,
    ...(await start()),
    newPod: () => ({ namespace: testNamespace(t), containerId: randomBytes(32).toString("hex") }),
    run: (command, pod, { config, env } = {}) =>
      runClient(
        { CNI_COMMAND: command, CNI_PATH: "/opt/cni/bin", ...(pod && environmentOf(pod)), ...env },
        JSON.stringify({ cniVersion, name: "carrick", type: "carrick-cni", agentSocket: bed.server.path, ...config }),
        program,
      ),
    add: async (pod, asked) => {
      const { code, stdout } = await bed.run("ADD", pod, asked);
      if (code !== 0) throw new Error(`ADD: ${stdout}`);
      return JSON.parse(stdout) as Result;
    },
    restart: async () => {
      const before = bed.server;
      Object.assign(bed, await start());
      await before.close();
    },
    leftovers: () => [
      ...listLinks(net).flatMap(({ name }) => (name === "lo" ? [] : [name])),
      ...readdirSync(ipamFolder).filter((name) => !name.startsWith(".last")),
    ],
  };
  t.after(async () => {
    await bed.server.close();
    net.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return bed;
}

export function environmentOf({ namespace, containerId }: TestPod): NodeJS.ProcessEnv {
  return {
    CNI_CONTAINERID: containerId,
    CNI_NETNS: namespace.path,
    CNI_IFNAME: "eth0",
    CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart-${containerId.slice(0, 8)}`,
  };
}

function nothing(): Promise<void> {
  return Promise.resolve();
}

/** Runs the client for each pod, one after the other, from a process of its own; gives the milliseconds of each. */
export async function timesOf(bed: Bed, command: string, pods: readonly TestPod[]): Promise<number[]> {
  const code = `const { spawnSync } = require("node:child_process");
    const { program, input, runs } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
    console.log(JSON.stringify(runs.map((env) => {
      const began = performance.now();
      const { status, stdout } = spawnSync(program, { env, input });
      if (status !== 0) throw new Error(String(stdout));
      return performance.now() - began;
    })))`;
  const child = spawn(process.execPath, ["-e", code], { stdio: ["pipe", "pipe", "inherit"] });
  const input = JSON.stringify({ cniVersion: "1.1.0", name: "carrick", agentSocket: bed.server.path });
  const runs = pods.map((pod) => ({ CNI_COMMAND: command, ...environmentOf(pod) }));
  child.stdin.end(JSON.stringify({ program: buildClient(), input, runs }));
  const printed: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => printed.push(chunk));
  await once(child, "close");
  return JSON.parse(Buffer.concat(printed).toString()) as number[];
}

const PORT = 8080;

/** A program in a namespace that tells everybody who connects which address it sees. */
export async function tellAddresses(t: TestContext, { path }: Namespace): Promise<void> {
  const code = `require("node:net").createServer((socket) => socket.end(socket.remoteAddress.replace("::ffff:", "")))
    .listen(${PORT}, "::", () => console.log("ready"))`;
  const child = spawn("nsenter", [`--net=${path}`, process.execPath, "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  if (line.toString() !== "ready\n") throw new Error(`the program in ${path} said ${line.toString()}`);
}

/** Connects from a namespace to programs that `tellAddresses`; gives what each saw, or why there was no connection. */
export function seenBy({ path }: Namespace, addresses: readonly string[]): string[] {
  const code = `for (const host of process.argv.slice(1)) {
      const socket = require("node:net").connect({ host, port: ${PORT} });
      const told = (text) => { console.log(host + " " + text); socket.destroy(); };
      socket.setTimeout(5000, () => told("timeout")).once("data", told).once("error", ({ code }) => told(code));
    }`;
  const run = spawnSync("nsenter", [`--net=${path}`, process.execPath, "-e", code, ...addresses]);
  const lines = run.stdout.toString().trim().split("\n");
  return addresses.map(
    (address) => lines.find((line) => line.startsWith(`${address} `))?.slice(address.length + 1) ?? "",
  );
}
