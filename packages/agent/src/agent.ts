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
import { ConditionLog } from "./mesh/condition-log.ts";
import { follow } from "./mesh/follow.ts";
import { KernelServices } from "./mesh/kernel-services.ts";
import { NodeTables } from "./mesh/node-tables.ts";
import { installMasquerade, openNamespace, Rtnetlink } from "./net/index.ts";
import { GuardedPods } from "./pods.ts";
import { startProbes } from "./probes.ts";
import { whyUnready } from "./ready.ts";
import { checkCapabilities } from "./rights.ts";

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
  checkCapabilities(config);
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
    const told = new ConditionLog(log);
    const clusters = new ClusterIndexes(join(config.runDir, "clusters"));
    const kernel = new KernelServices({
      tables,
      here: config.cluster,
      publisher: datapath.publisher,
      healths: datapath.healths,
      clusters,
      onFlushed: () => told.tell(kernel.conditions),
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
      onRefused: (sentence) =>
        log.warn(`the controller said what cannot be, so what was known stays: ${sentence.slice(0, 1000)}`),
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
    const unready = () => whyUnready(tables, config.cluster);
    if (config.cni !== undefined) closing.push(await startPods(config, config.cni, datapath, unready, log));
    if (config.metrics !== undefined) {
      const probes = await startProbes({
        listen: config.metrics,
        version,
        tables,
        conditions: () => kernel.conditions,
        counters: () => datapath.services.counters(),
        following,
        unready,
      });
      closing.push(() => probes.close());
    }
    log.info({ version, cluster: config.cluster, node: config.node }, "started");
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
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
