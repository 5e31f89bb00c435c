/** Two clusters in the lab's network with everything real: kernel, API servers, controllers, agents, pods by the CNI plugin. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endpointSlice, service } from "@carrick/lab";
import { bringUp, compareSnapshots, defaultTopology, readSnapshot, takeDown } from "@carrick/lab/network";
import { parse } from "yaml";
import { type ControlPlane, startControlPlane } from "../../packages/lab/src/mesh/control-plane.ts";
import { type MeshNode, type Pod, startNode } from "../../packages/lab/src/mesh/node.ts";
import { Machine } from "../../packages/lab/src/network/echo-machine.ts";
import { CHECKOUT } from "../../packages/lab/src/process/checkout.ts";
import { createAuthority } from "../../packages/lab/src/trust/index.ts";
import { type Until, waiting } from "../e2e/waiting.ts";

/** What a pod's program listens on, over TCP and UDP. */
export const PORT = 7000;

export interface KernelCluster extends ControlPlane {
  readonly nodes: readonly MeshNode[];
  /** One on each node: `london-1` on n1, `london-2` on n2. */
  readonly pods: readonly { readonly pod: Pod; readonly machine: Machine }[];
  /** Addresses of `cart`, the same Service in both clusters, global. */
  readonly cart: { readonly ipv4: string; readonly ipv6: string };
  /** Makes these pods the endpoints of `cart`, as all are at first. */
  share(pods: KernelCluster["pods"]): void;
}

export interface KernelBed {
  readonly run: string;
  readonly london: KernelCluster;
  readonly paris: KernelCluster;
  readonly until: Until;
  /** Takes everything away. Throws when the machine is not as it was before. */
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openKernelBed(): Promise<KernelBed> {
  const run = `t${randomBytes(4).toString("hex")}`;
  const before = await readSnapshot(run);
  const stack = new AsyncDisposableStack();
  stack.defer(async () => {
    await takeDown(run);
    const left = compareSnapshots(before, await readSnapshot(run));
    if (left.length > 0) throw new Error(`run ${run} has left behind: ${left.join("; ")}`);
  });
  try {
    return await fill(run, stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function fill(run: string, stack: AsyncDisposableStack): Promise<KernelBed> {
  const topology = defaultTopology();
  const folder = mkdtempSync(join(tmpdir(), "carrick-kernel-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const authority = await createAuthority("mesh");
  writeFileSync(join(folder, "ca.pem"), authority.certPem);
  await bringUp(topology, run);
  const mesh = { topology, run, authority, folder };
  const definition = parse(
    readFileSync(join(CHECKOUT, "deploy", "crds", "carrick.dev_clusters.yaml"), "utf8"),
  ) as object;
  const opened = await Promise.all(
    topology.clusters.map(async (cluster): Promise<KernelCluster> => {
      const plane = await startControlPlane(mesh, cluster, stack);
      plane.api.objects.apply(definition);
      const numbers = Array.from({ length: cluster.nodes }, (_, i) => i + 1);
      const nodes = await Promise.all(numbers.map((node) => startNode(mesh, cluster, node, stack)));
      const pods = await Promise.all(
        nodes.map(async (node, i) => {
          const pod = await node.addPod(`${cluster.name}-${i + 1}`);
          const machine = await Machine.start(pod.name, pod.place);
          stack.defer(() => machine[Symbol.asyncDispose]());
          return { pod, machine };
        }),
      );
      const cart = { ipv4: `10.${95 + cluster.index}.0.10`, ipv6: `fd96:${cluster.index}::a` };
      shareCart(plane, cart);
      const share = (some: KernelCluster["pods"]) =>
        giveEndpoints(
          plane,
          some.map(({ pod }) => pod),
        );
      share(pods);
      return { ...plane, nodes, pods, cart, share };
    }),
  );
  const [london, paris] = opened as [KernelCluster, KernelCluster];
  const until = waiting(() =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".log"))
      .map((name) => `${name}: ${readFileSync(join(folder, name), "utf8").slice(-1500)}`)
      .join("\n"),
  );
  return { run, london, paris, until, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const PORTS = (["TCP", "UDP"] as const).map((protocol) => ({ name: protocol.toLowerCase(), port: PORT, protocol }));

function shareCart({ api }: ControlPlane, { ipv4, ipv6 }: KernelCluster["cart"]): void {
  const annotations = { "carrick.dev/global": "true" };
  api.objects.apply(service({ name: "cart", namespace: "shop", annotations, ports: PORTS, clusterIPs: [ipv4, ipv6] }));
}

function giveEndpoints({ api }: ControlPlane, pods: readonly Pod[]): void {
  for (const family of ["ipv4", "ipv6"] as const) {
    const endpoints = pods.map((pod) => pod[family]);
    api.objects.apply(
      endpointSlice({ name: `cart-${family}`, namespace: "shop", service: "cart", endpoints, ports: PORTS }),
    );
  }
}
