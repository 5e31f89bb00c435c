/** The agent of a node: what it is told becomes what its kernel does; its pods get their interfaces. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { readTlsFiles, watchTlsFiles } from "@carrick/xds";
import { CniPlugin, podAttachment, prepareNode, startCniServer } from "./cni/index.ts";
import type { Config } from "./config/schema.ts";
import { type Datapath, openDatapath } from "./datapath.ts";
import { Ipam } from "./ipam/index.ts";
import { startInspect } from "./inspect/inspect-server.ts";
import type { Logger } from "./log.ts";
import { ClusterIndexes } from "./mesh/cluster-indexes.ts";
import { follow, type Following } from "./mesh/follow.ts";
import { KernelServices } from "./mesh/kernel-services.ts";
import { NodeTables } from "./mesh/node-tables.ts";
import { installMasquerade, openNamespace, Rtnetlink } from "./net/index.ts";
import { GuardedPods } from "./pods.ts";
import { startProbes } from "./probes.ts";

export interface AgentOptions {
  readonly version: string;
  readonly log: Logger;
  /** It cannot go on, for example because another agent has taken over. */
  readonly onFailure: (error: unknown) => void;
}

export interface Agent {
  /** Ends the agent; what is in the kernel stays and serves on. */
  close(): Promise<void>;
}

/** Starts everything. Throws what cannot be used: configuration, certificate, kernel, sockets. */
export async function startAgent(config: Config, { version, log, onFailure }: AgentOptions): Promise<Agent> {
  let tls = readTlsFiles(config.tls);
  mkdirSync(config.runDir, { recursive: true, mode: 0o700 });
  const datapath = await openDatapath(config, log);
  const closing: (() => void | Promise<void>)[] = [() => datapath.release()];
  const close = async () => {
    for (const end of closing.toReversed()) await end();
  };
  try {
    closing.push(
      watchTlsFiles(
        config.tls,
        tls,
        (material) => void (tls = material),
        (sentence) => log.warn(sentence),
      ),
    );
    const tables = new NodeTables(config.cluster, { allowLoopback: false });
    const clusters = new ClusterIndexes(join(config.runDir, "clusters"));
    const kernel = new KernelServices({
      tables,
      publisher: datapath.publisher,
      healths: datapath.healths,
      clusters,
      onFailure,
    });
    closing.push(() => kernel.close());
    const following = follow({
      cluster: config.cluster,
      servers: config.controllers,
      domain: config.domain,
      tls: () => tls,
      nodeId: config.node,
      tables,
      onChange: () => kernel.update(),
      on: (event) => {
        if (event.kind === "connected") log.info({ controller: event.server }, "follows a controller");
        else
          log.warn({ controller: event.server, retryInMs: event.retryInMs }, `lost the controller: ${event.message}`);
      },
    });
    closing.push(() => following.close());
    const inspect = await startInspect({
      path: join(config.runDir, "inspect.sock"),
      cluster: config.cluster,
      node: config.node,
      services: datapath.services,
      clusterName: (index) => clusters.nameOf(index),
      onProblem: (sentence) => log.warn(sentence),
    });
    closing.push(() => inspect.close());
    const unready = () => whyUnready(following, tables);
    if (config.cni !== undefined) closing.push(await startPods(config, config.cni, datapath, unready, log));
    if (config.metrics !== undefined) {
      const probes = await startProbes({ listen: config.metrics, version, tables, datapath, following, unready });
      closing.push(() => probes.close());
    }
    log.info({ version, cluster: config.cluster, node: config.node }, "started");
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Why this node does not know yet what it needs, in a sentence; nothing when it does. */
function whyUnready(following: Following, { clusters }: NodeTables): string | undefined {
  const unknown = [...clusters.entries()].flatMap(([name, { endpointsKnown }]) => (endpointsKnown ? [] : [name]));
  if (unknown.length > 0) return `the agent has not heard everything of ${unknown.join(", ")} yet`;
  return following.inStep || clusters.size > 0 ? undefined : "the agent has not heard from a controller yet";
}

async function startPods(
  { runDir }: Config,
  { podCidrs, meshCidrs, mtu, nodeAddresses }: NonNullable<Config["cni"]>,
  datapath: Datapath,
  unready: () => string | undefined,
  log: Logger,
): Promise<() => Promise<void>> {
  const onProblem = (sentence: string) => log.warn(sentence);
  const ipam = new Ipam({ folder: join(runDir, "addresses"), podCidrs });
  for (const problem of ipam.problems) log.warn(problem);
  const namespace = openNamespace("/proc/thread-self/ns/net");
  const node = { namespace, net: new Rtnetlink(), addresses: nodeAddresses };
  prepareNode(node, ipam.families);
  if (meshCidrs.length > 0) await installMasquerade({ pods: podCidrs, mesh: meshCidrs });
  const pods = new GuardedPods({ programs: datapath.pods, net: node.net, unready });
  pods.restore(ipam.attachments().map(podAttachment), onProblem);
  const plugin = new CniPlugin({ ipam, node, pods, mtu, onProblem });
  const server = await startCniServer({
    path: join(runDir, "agent.sock"),
    answer: (question, deliver, signal) => plugin.answer(question, deliver, signal),
    onProblem,
  });
  return () => server.close();
}
