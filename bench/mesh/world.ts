/** Clusters in the lab's network for benchmarks of the mesh: API servers, controllers, agents and pods, as they are shipped. */
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ControlPlane, startControlPlane } from "../../packages/lab/src/mesh/control-plane.ts";
import { type MeshNode, startNode } from "../../packages/lab/src/mesh/node.ts";
import { bringUp, parseTopology, takeDown } from "../../packages/lab/src/network/index.ts";
import { createAuthority } from "../../packages/lab/src/trust/index.ts";
import type { Context } from "../measure/run.ts";
import { NodeKernel } from "./node-kernel.ts";

export interface MeshCluster extends ControlPlane {
  readonly name: string;
  readonly nodes: readonly BenchNode[];
}

export interface BenchNode extends MeshNode {
  readonly kernel: NodeKernel;
}

export interface Mesh {
  readonly run: string;
  readonly clusters: readonly MeshCluster[];
  /** What is started over it ends with it. */
  readonly stack: AsyncDisposableStack;
}

/** Names of clusters, and how many nodes each has. */
export type MeshShape = Readonly<Record<string, number>>;

/** Builds a mesh, uses it, takes it down. Its logs stay in the folder when that fails. */
export async function inMesh<T>({ folder }: Context, shape: MeshShape, use: (mesh: Mesh) => Promise<T>): Promise<T> {
  const result = await closing(async (stack) => use(await openMesh(folder, shape, stack)));
  rmSync(folder, { recursive: true, force: true });
  return result;
}

async function closing<T>(use: (stack: AsyncDisposableStack) => Promise<T>): Promise<T> {
  await using stack = new AsyncDisposableStack();
  return await use(stack);
}

async function openMesh(folder: string, shape: MeshShape, stack: AsyncDisposableStack): Promise<Mesh> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const run = `b${randomBytes(4).toString("hex")}`;
  const file = { clusters: Object.entries(shape).map(([name, nodes]) => ({ name, nodes })) };
  const topology = parseTopology(JSON.stringify(file), "the benchmark's topology");
  const authority = await createAuthority("bench");
  writeFileSync(join(folder, "ca.pem"), authority.certPem);
  stack.defer(async () => void (await takeDown(run)));
  await bringUp(topology, run);
  const place = { topology, run, authority, folder, replicas: 1 };
  const clusters: MeshCluster[] = [];
  for (const cluster of topology.clusters) {
    const plane = await startControlPlane(place, cluster, stack);
    const nodes: BenchNode[] = [];
    for (let number = 1; number <= cluster.nodes; number++) {
      const node = await startNode(place, cluster, number, stack);
      nodes.push({ ...node, kernel: NodeKernel.open(run, node.name) });
    }
    clusters.push({ ...plane, name: cluster.name, nodes });
  }
  return { run, clusters, stack };
}
