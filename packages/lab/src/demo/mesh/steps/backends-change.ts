import { failures, startConnects } from "../../../mesh/index.ts";
import type { Step } from "../../step.ts";
import { firstPod, type MeshWorld } from "../world.ts";

const CHANGES = 50;
const KNOWN_WITHIN_MS = 250;

export const backendsChange: Step<MeshWorld> = {
  number: 9,
  title: `Backends come, go and turn not ready, ${CHANGES} times, while pods connect`,
  fault: "a pod's program freezes before its endpoint is withdrawn",

  async run({ london, paris }, checks, fault) {
    const [stays, goes] = paris.pods as [(typeof paris.pods)[number], (typeof paris.pods)[number]];
    const here = startConnects(firstPod(paris).machine, paris.cart.ipv4);
    const there = startConnects(firstPod(london).machine, london.cart.ipv4);
    const both = [here, there];
    const late: number[] = [];
    const learnt = { here: [] as number[], there: [] as number[] };
    try {
      await Promise.all(both.map((connects) => connects.more(50)));
      if (fault) {
        goes.machine.tied.child.kill("SIGSTOP");
        await there.until(({ pod }) => pod === undefined, there.made.length);
      }
      checks.now(`endpoint ${goes.pod.name} is withdrawn or not ready, and comes back, ${CHANGES / 2} times`);
      for (let i = 0; i < CHANGES; i += 2) {
        const withdrawn = performance.now();
        const before = both.map(({ made }) => made.length);
        paris.share([stays], i % 4 === 0 ? [] : [goes]);
        await Promise.all(both.map((connects) => connects.more(50)));
        for (const [at, { made }] of both.entries())
          for (const { pod, began } of made.slice(before[at])) if (pod === goes.pod.name) late.push(began - withdrawn);
        if (failures(both.flatMap(({ made }) => made)).length > 0) break;
        const returned = performance.now();
        const since = both.map(({ made }) => made.length);
        paris.share([stays, goes]);
        const firsts = await Promise.all(
          both.map((connects, at) => connects.until(({ pod }) => pod === goes.pod.name, since[at]!)),
        );
        learnt.here.push(firsts[0]!.ended - returned);
        learnt.there.push(firsts[1]!.ended - returned);
      }
    } finally {
      await Promise.all(both.map((connects) => connects.stop()));
    }
    const made = both.flatMap((connects) => connects.made);
    checks.exactly(`connections that failed, of ${made.length}`, failures(made).length, 0);
    checks.atMost("API write to the last connection that it got", Math.max(0, ...late), KNOWN_WITHIN_MS, "ms");
    for (const where of ["here", "there"] as const) {
      const cluster = where === "here" ? "in the same cluster" : "in the other cluster";
      checks.atMost(`write to first connection ${cluster}, median`, median(learnt[where]), KNOWN_WITHIN_MS, "ms");
    }
  },
};

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
