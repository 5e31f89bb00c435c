/** The network of a run: up, down. */
import { namespacePath } from "@carrick/agent/net";
import type { ProcessPlace } from "../../process/index.ts";
import { ensureCgroup } from "../machine/cgroups.ts";
import { ensureBpffs, ensurePins } from "../machine/pins.ts";
import { namespaceOf, type Place, placeSlug } from "../plan/place.ts";
import { planNetwork } from "../plan/plan.ts";
import type { Topology } from "../topology/topology.ts";
import { buildNetwork, isBuilt } from "./build.ts";
import { withRunLock } from "./lock.ts";
import { type Removed, removeNetwork } from "./remove.ts";
import { writeRunState } from "./run-state.ts";

/**
 * Makes the network of a run. When exactly this stands already, nothing is touched: programs in it go on. Anything else
 * of the run (half-made, or of another topology) is removed first, and what cannot be made whole is removed again.
 * Gives whether it was made. Throws `RunLockedError` and what the kernel refuses.
 */
export function bringUp(topology: Topology, run: string): Promise<boolean> {
  const plan = planNetwork(topology, run);
  return withRunLock(run, () => {
    ensureBpffs();
    const stands = isBuilt(plan);
    if (!stands) removeNetwork(run);
    try {
      writeRunState(run, topology);
      for (const { place } of plan.namespaces) if (place.kind === "node") ensureNode(run, place);
      if (!stands) buildNetwork(plan);
    } catch (error) {
      if (!stands) removeNetwork(run);
      throw error;
    }
    return !stands;
  });
}

function ensureNode(run: string, node: Place): void {
  ensureCgroup(run, placeSlug(node));
  ensurePins(run, placeSlug(node));
}

/** Removes everything of a run, its processes too. Needs nothing but the run's name. */
export function takeDown(run: string): Promise<Removed> {
  return withRunLock(run, () => removeNetwork(run));
}

/** Where a program of a machine runs: its namespace and, on a node, below its cgroup. */
export function processPlace(run: string, place: Place): ProcessPlace {
  const namespace = namespacePath(namespaceOf(run, place));
  return place.kind === "node" ? { namespace, cgroup: ensureCgroup(run, placeSlug(place)) } : { namespace };
}
