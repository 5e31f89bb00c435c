import type { PartDefinition } from "../part.ts";
import { invitation } from "./invitation.ts";
import { STEPS } from "./steps/index.ts";
import { meets, namesOf } from "./steps/meets.ts";
import { type MeshWorld, startMeshWorld } from "./world.ts";

const WITHIN_MS = 60_000;

export const MESH: PartDefinition<MeshWorld> = {
  title: "Two clusters, one network of pods, in this kernel",
  starts:
    "2 API servers, 4 replicas of the controller, 4 nodes with an agent, 4 pods, an Envoy, a client, in 13 network namespaces",
  steps: STEPS,
  unable: () =>
    process.getuid?.() === 0
      ? undefined
      : "the mesh needs root: run it again as root to see two clusters in one kernel",
  start: startMeshWorld,
  settle: async ({ london, paris, edge }, checks) => {
    const all = namesOf([...london.pods, ...paris.pods]);
    for (const { name, pods, cart } of [london, paris]) {
      const { machine } = pods[0]!;
      await checks.within(`pods of both answer a pod of ${name}`, WITHIN_MS, () =>
        meets(machine, { address: cart.ipv4, over: "tcp" }, all),
      );
    }
    await checks.within("and the client, through the edge", WITHIN_MS, () => meets(edge.client, edge.question, all));
  },
  invitation: (world, checkout) => (world.isUp ? invitation(world, checkout) : ""),
};
