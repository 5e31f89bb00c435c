/** A node of the lab's network: its agent, and pods that a runtime would start. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createNamespace, deleteNamespace, setLinkUp } from "@carrick/agent/net";
import { stringify } from "yaml";
import {
  addressesOf,
  type Cluster,
  ensurePins,
  nodePods,
  type Place,
  placeSlug,
  processPlace,
  runPrefix,
} from "../network/index.ts";
import { CHECKOUT } from "../process/checkout.ts";
import { ProcessError, type ProcessPlace, type Program, Restartable, startProgram } from "../process/index.ts";
import { nodeName, writeKeyPair } from "../trust/index.ts";
import { controllersOf, DOMAIN, type MeshPlace } from "./control-plane.ts";

/** In the network of its node. */
export const AGENT_METRICS = { address: "127.0.0.1", port: 18_003 };

export interface MeshNode {
  readonly name: string;
  /** Where its own programs run. */
  readonly place: ProcessPlace;
  readonly agent: Restartable<Program<true>>;
  /** Where the agent tells root what the node's kernel holds. */
  readonly inspectSocket: string;
  /** Where its programs and maps are pinned. */
  readonly pins: string;
  /** Makes a pod as a container runtime does, by the CNI plugin. `hosts`: what more it finds in `/etc/hosts`. */
  addPod(name: string, hosts?: string): Promise<Pod>;
}

export interface Pod {
  readonly name: string;
  readonly ipv4: string;
  readonly ipv6: string;
  /** Where its containers run. */
  readonly place: ProcessPlace;
  /** As a runtime removes it. */
  remove(): Promise<void>;
}

/** Starts the agent; it ends with `stack`, as its pods do. */
export async function startNode(
  mesh: MeshPlace,
  cluster: Cluster,
  node: number,
  stack: AsyncDisposableStack,
): Promise<MeshNode> {
  const { topology, run, authority, folder } = mesh;
  const machine: Place = { kind: "node", cluster: cluster.name, node };
  const name = placeSlug(machine);
  const place = processPlace(run, machine);
  const runDir = join(folder, name);
  const pins = ensurePins(run, name);
  const pair = await authority.issue({ uris: [nodeName(DOMAIN, cluster.name, `n${node}`)] });
  const configPath = join(folder, `${name}.yaml`);
  writeFileSync(
    configPath,
    stringify({
      cluster: cluster.name,
      node: `n${node}`,
      domain: DOMAIN,
      controllers: controllersOf(mesh, cluster.name),
      tls: { ...writeKeyPair(pair, folder, name), authority: "ca.pem" },
      metrics: AGENT_METRICS,
      runDir,
      bpf: { folder: pins, cgroup: place.cgroup, objects: join(CHECKOUT, "build", "datapath") },
      cni: {
        podCidrs: Object.values(nodePods(cluster, node)),
        meshCidrs: topology.clusters.flatMap(({ pods, network }) => [
          ...Object.values(pods),
          ...Object.values(network),
        ]),
        nodeAddresses: Object.values(addressesOf(topology, machine)),
      },
    }),
  );
  const agent = await Restartable.start(() =>
    startProgram<true>({
      name,
      command: join(CHECKOUT, "carrick"),
      args: ["agent", "--config", configPath],
      logFolder: folder,
      place,
      ready: (line) => (line.includes('"started"') ? true : undefined),
    }),
  );
  stack.defer(() => agent.stop());
  const agentSocket = join(runDir, "agent.sock");
  return {
    name,
    place,
    agent,
    inspectSocket: join(runDir, "inspect.sock"),
    pins,
    addPod: (podName, hosts = "") => {
      const hostsPath = join(folder, `${podName}-hosts`);
      writeFileSync(hostsPath, `127.0.0.1 localhost\n::1 localhost\n${hosts}`);
      return addPod({ podName, run, place: { ...place, hosts: hostsPath }, agentSocket, stack });
    },
  };
}

interface PodInputs {
  readonly podName: string;
  readonly run: string;
  readonly place: ProcessPlace;
  readonly agentSocket: string;
  readonly stack: AsyncDisposableStack;
}

async function addPod({ podName, run, place, agentSocket, stack }: PodInputs): Promise<Pod> {
  const namespace = createNamespace(`${runPrefix(run)}pod-${podName}`);
  stack.defer(() => {
    namespace.close();
    deleteNamespace(`${runPrefix(run)}pod-${podName}`);
  });
  // A runtime does this itself, by the plugin `loopback`.
  using net = namespace.rtnetlink();
  setLinkUp(net, "lo");
  const containerId = randomBytes(32).toString("hex");
  const cni = (command: string) =>
    askPlugin(
      {
        CNI_COMMAND: command,
        CNI_CONTAINERID: containerId,
        CNI_NETNS: namespace.path,
        CNI_IFNAME: "eth0",
        CNI_PATH: "/opt/cni/bin",
        CNI_ARGS: `K8S_POD_NAMESPACE=shop;K8S_POD_NAME=${podName}`,
      },
      { cniVersion: "1.1.0", name: "carrick", type: "carrick-cni", agentSocket },
    );
  const { ips } = JSON.parse(await cni("ADD")) as { ips: readonly { address: string }[] };
  const [ipv4, ipv6] = [false, true].map((six) =>
    ips.map(({ address }) => address.split("/")[0]!).find((address) => address.includes(":") === six)!,
  );
  return {
    name: podName,
    ipv4: ipv4!,
    ipv6: ipv6!,
    place: { ...place, namespace: namespace.path },
    remove: async () => void (await cni("DEL")),
  };
}

/** What the plugin prints. Throws `ProcessError` with the error object that a runtime would log. */
async function askPlugin(env: NodeJS.ProcessEnv, input: object): Promise<string> {
  const path = join(CHECKOUT, "build", "carrick-cni");
  const child = spawn(path, [], { env, stdio: ["pipe", "pipe", "inherit"] });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once("close", resolve).once("error", reject);
  child.stdin.on("error", () => {});
  child.stdin.end(JSON.stringify(input));
  const [printed, code] = await Promise.all([text(child.stdout), promise]);
  if (code !== 0) throw new ProcessError(`${path}: ${env["CNI_COMMAND"]} failed: ${printed}`);
  return printed;
}
