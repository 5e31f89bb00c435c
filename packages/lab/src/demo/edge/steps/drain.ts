import { now, type Load, startLoad, tally } from "../../../load/index.ts";
import type { Checks } from "../../checks.ts";
import { REVIEWS, SHOP } from "../manifests.ts";
import type { Step } from "../../step.ts";
import type { World } from "../world.ts";

const RATE = 200;
const BACK_WITHIN_MS = 5000;

export const drain: Step<World> = {
  number: 6,
  title: "`carrick drain paris`, then `carrick undrain paris`",
  fault: "another hand ends the drain at once, behind the operator's back",

  async run(world, checks, fault) {
    const targets = world.edges.flatMap((edge) => [edge.target(SHOP), edge.target(SHOP, REVIEWS)]);
    const load = startLoad({ targets, rate: RATE });
    try {
      await load.more(RATE / 2);
      checks.atLeast("requests that paris answered before", byParis(load, 0).length, 1, "");
      await command(world, checks, "drain");
      const drained = now();
      if (fault) {
        const self = { kind: "Cluster", namespace: "", name: "self" };
        await world.clusters.paris.objects.patch(self, { spec: { drain: false } });
      }
      await load.more(RATE);
      checks.exactly("requests for / that reached paris then", byParis(load, drained).length, 0);
      const reviews = load.records.filter(({ target, at }) => target === SHOP + REVIEWS && at > drained);
      checks.atLeast(
        `requests for ${REVIEWS} that paris answered then`,
        tally(reviews).clusters.get("paris") ?? 0,
        1,
        "",
      );

      await command(world, checks, "undrain");
      const undrained = now();
      await checks.within("paris answers again", BACK_WITHIN_MS, () => byParis(load, undrained).length > 0);
    } finally {
      await load.stop();
    }
    const { requests, failed } = tally(load.records);
    checks.exactly(`requests that failed, of ${requests}`, failed, 0);
  },
};

/** Requests for the shared path that paris had after a moment. */
function byParis({ records }: Load, since: number) {
  return records.filter(
    ({ target, cluster, receivedAt }) => target === `${SHOP}/` && cluster === "paris" && (receivedAt ?? 0) > since,
  );
}

async function command(world: World, checks: Checks, verb: "drain" | "undrain"): Promise<void> {
  checks.now(`carrick ${verb} paris`);
  const { code, stdout, stderr } = await world.carrick(verb, "paris");
  const said = `exit code ${code}${code === 0 ? "" : `: ${stderr.trim() || stdout.trim()}`}`;
  checks.holds(`\`carrick ${verb} paris\``, code === 0, said, "exit code 0");
}
