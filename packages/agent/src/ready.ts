import type { ClusterName } from "@carrick/core/model";
import type { NodeTables } from "./mesh/node-tables.ts";

/**
 * Why this node does not know yet what its pods need, in a sentence; nothing when it does. Only its own cluster counts:
 * with a peer that is away, what is known of it is served, and pods start as ever.
 */
export function whyUnready({ clusters }: Pick<NodeTables, "clusters">, here: ClusterName): string | undefined {
  if (clusters.get(here)?.endpointsKnown === true) return undefined;
  return `the agent has not heard everything of its cluster ${here} yet; look at its log and at the controllers`;
}
