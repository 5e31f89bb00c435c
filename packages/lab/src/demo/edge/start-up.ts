import { exchange } from "../../load/index.ts";
import type { Checks } from "../checks.ts";
import { REVIEWS, SHOP } from "./manifests.ts";
import type { World } from "./world.ts";

const WITHIN_MS = 60_000;

/** Waits until the world does what it was made for. */
export async function awaitStarted(world: World, checks: Checks): Promise<void> {
  await checks.within("both replicas watch both clusters", WITHIN_MS, async () => {
    const reports = await Promise.all(world.replicas.map((replica) => replica.status()));
    return reports.every(({ clusters }) => clusters.every(({ state }) => state === "fresh"));
  });
  await checks.within("both Envoys serve the paths of both clusters", WITHIN_MS, async () => {
    const targets = world.edges.flatMap((edge) => [edge.target(SHOP), edge.target(SHOP, REVIEWS)]);
    const answers = await Promise.all(targets.map((target) => exchange(target, 1000)));
    return answers.every(({ status }) => status === 200);
  });
}
