/** Clusters whose pods are one network, in the lab's: everything is a process of its own, and everything is real. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bringUp, type Cluster, compareSnapshots, readSnapshot, takeDown, type Topology } from "../network/index.ts";
import { Machine } from "../network/echo-machine.ts";
import { endpointSlice, service } from "../objects/index.ts";
import { createAuthority } from "../trust/index.ts";
import { type ControlPlane, type MeshPlace, startControlPlane } from "./control-plane.ts";
import { type MeshEdge, startEdge } from "./edge.ts";
import { type MeshNode, type Pod, startNode } from "./node.ts";

/** What a pod's program listens on, over TCP and UDP. */
export const POD_PORT = 7000;
export const HTTP_PORT = 7002;

/** The name of the Service, which pods find in `/etc/hosts`: there is no DNS. */
export const CART_NAME = "cart.shop.svc.cluster.local";

/** A pod with the program in it: it echoes, and connects to others. */
export interface TalkingPod {
  readonly pod: Pod;
  readonly machine: Machine;
}

export interface MeshCluster extends ControlPlane {
  readonly name: string;
  readonly nodes: readonly MeshNode[];
  /** One on each node: `london-1` on n1, `london-2` on n2. */
  readonly pods: readonly TalkingPod[];
  /** Addresses of Service `shop/cart`: the same one in all clusters, global. */
  readonly cart: { readonly ipv4: string; readonly ipv6: string };
  /** Writes the Service, with these annotations; global and shared when not given. */
  declare(annotations?: Readonly<Record<string, string>>): void;
  /** Makes these pods the endpoints of `cart` in this cluster, as all are at first, and others such as are not ready. */
  share(pods: readonly TalkingPod[], notReady?: readonly TalkingPod[]): void;
}

export interface Mesh {
  readonly clusters: readonly MeshCluster[];
  readonly edge: MeshEdge;
  /** Ends everything. Gives what is on the machine now and was not before, or the other way round. */
  close(): Promise<string[]>;
}

export interface MeshOptions {
  readonly topology: Topology;
  /** Names everything on the machine; what a killed run of this name has left is removed. */
  readonly run: string;
  /** For configuration, keys and logs; it has to be there. */
  readonly folder: string;
}

export async function startMesh({ topology, run, folder }: MeshOptions): Promise<Mesh> {
  await takeDown(run);
  const before = await readSnapshot(run);
  const stack = new AsyncDisposableStack();
  stack.defer(async () => void (await takeDown(run)));
  try {
    const authority = await createAuthority("mesh");
    writeFileSync(join(folder, "ca.pem"), authority.certPem);
    await bringUp(topology, run);
    const place = { topology, run, authority, folder, replicas: 2 };
    const clusters = await Promise.all(topology.clusters.map((cluster) => startCluster(place, cluster, stack)));
    const edge = await startEdge(place, clusters[0]!, stack);
    return {
      clusters,
      edge,
      close: async () => {
        await stack.disposeAsync();
        return compareSnapshots(before, await readSnapshot(run));
      },
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function startCluster(place: MeshPlace, cluster: Cluster, stack: AsyncDisposableStack): Promise<MeshCluster> {
  const plane = await startControlPlane(place, cluster, stack);
  const numbers = Array.from({ length: cluster.nodes }, (_, i) => i + 1);
  const nodes = await Promise.all(numbers.map((node) => startNode(place, cluster, node, stack)));
  const cart = { ipv4: `10.${95 + cluster.index}.0.10`, ipv6: `fd96:${cluster.index}::a` };
  const hosts = [cart.ipv4, cart.ipv6].map((address) => `${address} ${CART_NAME}\n`).join("");
  const pods = await Promise.all(
    nodes.map(async (node, i): Promise<TalkingPod> => {
      const pod = await node.addPod(`${cluster.name}-${i + 1}`, hosts);
      const machine = await Machine.start(pod.name, pod.place);
      stack.defer(() => machine[Symbol.asyncDispose]());
      return { pod, machine };
    }),
  );
  const { ipv4, ipv6 } = cart;
  const declare: MeshCluster["declare"] = (annotations = { "carrick.dev/global": "true" }) =>
    void plane.api.objects.apply(
      service({ name: "cart", namespace: "shop", annotations, ports: PORTS, clusterIPs: [ipv4, ipv6] }),
    );
  declare();
  const share: MeshCluster["share"] = (ready, notReady = []) => giveEndpoints(plane, ready, notReady);
  share(pods);
  return { name: cluster.name, ...plane, nodes, pods, cart, declare, share };
}

const PORTS = [
  { name: "tcp", port: POD_PORT, protocol: "TCP" },
  { name: "udp", port: POD_PORT, protocol: "UDP" },
  { name: "lines", port: POD_PORT + 1, protocol: "TCP" },
  { name: "http", port: HTTP_PORT, protocol: "TCP" },
] as const;

function giveEndpoints({ api }: ControlPlane, ready: readonly TalkingPod[], notReady: readonly TalkingPod[]): void {
  for (const family of ["ipv4", "ipv6"] as const) {
    const endpoints = [
      ...ready.map(({ pod }) => ({ address: pod[family] })),
      ...notReady.map(({ pod }) => ({ address: pod[family], ready: false })),
    ];
    api.objects.apply(
      endpointSlice({ name: `cart-${family}`, namespace: "shop", service: "cart", endpoints, ports: PORTS }),
    );
  }
}
