import type { Checks } from "../../checks.ts";
import type { World } from "../world.ts";

const WITHIN_MS = 10_000;

/** Waits until every Envoy is connected to a replica and has acknowledged all that it was sent. */
export async function accept(world: World, checks: Checks): Promise<void> {
  await checks.within("every Envoy has taken everything", WITHIN_MS, async () => {
    const pending = await Promise.all(world.edges.map(async ({ fleet }) => pendingOf(world, fleet)));
    return pending.every((count) => count === 0);
  });
}

/** Resources that the Envoys of a fleet have not acknowledged; infinite while none is connected. */
async function pendingOf({ replicas }: World, fleet: string): Promise<number> {
  const envoys = (await Promise.all(replicas.map((replica) => replica.envoys(fleet)))).flat();
  return envoys.length === 0 ? Infinity : envoys.reduce((sum, { pending }) => sum + pending, 0);
}
