/** Two clusters whose pods are one network, in network namespaces of this machine. */
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type MeshCluster, type MeshEdge, startMesh, type TalkingPod } from "../../mesh/index.ts";
import { defaultTopology, type Topology } from "../../network/index.ts";
import { CHECKOUT } from "../../process/checkout.ts";
import type { RunFolder } from "../run-folder.ts";

export interface MeshWorld {
  readonly topology: Topology;
  /** Of the lab's network. */
  readonly run: string;
  readonly london: MeshCluster;
  readonly paris: MeshCluster;
  /** Of london; its endpoints are those of both. */
  readonly edge: MeshEdge;
  /** Until it is closed. */
  readonly isUp: boolean;
  /** Ends everything. Gives what is on the machine now and was not before, or the other way round. */
  close(): Promise<readonly string[]>;
}

/** Of this checkout, so that demos of two do not meet, and the next one finds what a killed one has left. */
export function runOf(checkout: string): string {
  return `demo${createHash("sha256").update(checkout).digest("hex").slice(0, 8)}`;
}

export async function startMeshWorld({ logs }: RunFolder): Promise<MeshWorld> {
  const folder = join(logs, "mesh");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const topology = defaultTopology();
  const run = runOf(CHECKOUT);
  const mesh = await startMesh({ topology, run, folder });
  const [london, paris] = mesh.clusters as [MeshCluster, MeshCluster];
  let isUp = true;
  return {
    topology,
    run,
    london,
    paris,
    edge: mesh.edge,
    get isUp() {
      return isUp;
    },
    close: () => {
      isUp = false;
      return mesh.close();
    },
  };
}

/** The first pod of a cluster. */
export function firstPod({ pods }: MeshCluster): TalkingPod {
  return pods[0]!;
}
