import { type Connects, failures, type MeshCluster, startConnects } from "../../../mesh/index.ts";
import { clusterSelf } from "../../../objects/index.ts";
import { runCarrick } from "../../carrick-command.ts";
import type { Checks } from "../../checks.ts";
import type { Step } from "../../step.ts";
import { firstPod, type MeshWorld } from "../world.ts";
import { meets, namesOf } from "./meets.ts";

const LEFT_WITHIN_MS = 250;
const BACK_WITHIN_MS = 5000;
/** Connections that stay: so many that paris has one, but for a chance of 1 in 65,536. */
const LASTING = 16;

export const drain: Step<MeshWorld> = {
  number: 13,
  title: "`carrick drain paris`, then `carrick undrain paris`",
  fault: "another hand ends the drain at once, behind the operator's back",

  async run({ london, paris, edge }, checks, fault) {
    const { machine } = firstPod(london);
    const connects = startConnects(machine, london.cart.ipv4);
    const outside = startConnects(edge.client, edge.question);
    const askLasting = () =>
      Promise.all(
        Array.from({ length: LASTING }, (_, connection) =>
          machine.ask({ address: london.cart.ipv4, over: "line", connection }),
        ),
      );
    try {
      await connects.more(50);
      const before = (await askLasting()).flat().filter((answer) => answer.startsWith("paris"));
      await command(paris, "drain", checks);
      const drained = performance.now();
      if (fault) paris.api.objects.apply(clusterSelf({ drain: false }));
      await connects.until(({ began }) => began > drained + 2 * LEFT_WITHIN_MS, connects.made.length);
      checks.atMost(
        "drained to the last connection that paris got",
        lastOfParis(connects, drained),
        LEFT_WITHIN_MS,
        "ms",
      );
      checks.atMost("   to its last request from the edge", lastOfParis(outside, drained), LEFT_WITHIN_MS, "ms");
      const after = (await askLasting()).flat().filter((answer) => answer.startsWith("paris"));
      checks.atLeast("connections to paris that were open before", before.length, 1, "");
      checks.exactly(
        "   of them answered by the same pods now",
        after.join() === before.join() ? after.length : 0,
        before.length,
      );

      await command(paris, "undrain", checks);
      await checks.within("paris answers again", BACK_WITHIN_MS, () =>
        meets(machine, { address: london.cart.ipv4, over: "tcp" }, namesOf([...london.pods, ...paris.pods])),
      );
    } finally {
      await Promise.all([connects.stop(), outside.stop()]);
    }
    const made = [...connects.made, ...outside.made];
    checks.exactly(`connections and requests that failed, of ${made.length}`, failures(made).length, 0);
  },
};

/** Milliseconds from a moment to the last connection after it that paris answered. */
function lastOfParis({ made }: Connects, since: number): number {
  const byParis = made.filter(({ pod, began }) => began > since && pod?.startsWith("paris"));
  return Math.max(since, ...byParis.map(({ began }) => began)) - since;
}

async function command({ name, kubeconfig, place }: MeshCluster, verb: string, checks: Checks): Promise<void> {
  checks.now(`carrick ${verb} ${name}`);
  const { code, stdout, stderr } = await runCarrick([verb, name], { KUBECONFIG: kubeconfig }, place);
  const said = `exit code ${code}${code === 0 ? "" : `: ${stderr.trim() || stdout.trim()}`}`;
  checks.holds(`\`carrick ${verb} ${name}\``, code === 0, said, "exit code 0");
}
