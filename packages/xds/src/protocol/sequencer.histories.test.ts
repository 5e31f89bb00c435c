import assert from "node:assert/strict";
import { test } from "node:test";
import { EdgeHistory } from "@carrick/testing";
import { ALL_RULES, type Rules } from "./index.ts";

// Random histories of a whole stream against the model of Envoy. `SEED=<n>` runs the history of one seed alone.
const HISTORIES = 20_000;
/** What happens without a rule shows within so many histories. */
const WITHOUT_RULE = 300;

function seeds(count: number): number[] {
  const only = process.env["SEED"];
  return only === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(only)];
}

test(`${HISTORIES} random histories end with the world as it is, and no traffic suffers`, () => {
  let rejected = 0;
  let reconnects = 0;
  let lost = 0;
  for (const seed of seeds(HISTORIES)) {
    const outcome = new EdgeHistory(seed, ALL_RULES).run();
    assert.deepEqual(outcome.harm, [], `history ${seed} (run it alone with SEED=${seed})`);
    rejected += outcome.rejected;
    reconnects += outcome.reconnects;
    if (outcome.lost) lost++;
  }
  if (process.env["SEED"] !== undefined) return;
  assert.ok(rejected > HISTORIES / 10 && reconnects > HISTORIES, `${rejected} refused, ${reconnects} reconnects`);
  assert.ok(lost < HISTORIES / 20, `${lost} histories in which only another replica knew what Envoy waits for`);
});

/** The harm that shows when the rule is not there. */
const HARM: Readonly<Record<keyof Rules, RegExp>> = {
  resendEndpointsOfModifiedClusters: /^stalled: /,
  endpointsDoNotWaitForClusterAck: /^stalled: /,
  takeBackWhenNackIsSwallowed: /^warming without end$/,
  replaceClustersAlone: /^bad, but not parked: .*Cluster /,
  freeOfRefusedClusters: /^not at rest: .*Cluster$/,
  resendSiblingsAfterNack: /^resume sent /,
  emptyAssignmentInsteadOfRemoval: /^stale endpoints: /,
  answerRoutesWithListeners: /^missing: .*RouteConfiguration /,
  routesWaitForClusters: /^missing cluster: /,
  listenersWaitForScopedRoutes: /^no scope: /,
  resendUnusedScopes: /^no scope: /,
  removalsWaitForRoutes: /^missing cluster: /,
};

for (const [rule, expected] of Object.entries(HARM)) {
  test(`without ${rule} there is harm: ${expected.source}`, () => {
    const rules = { ...ALL_RULES, [rule]: false };
    const seeds = Array.from({ length: WITHOUT_RULE }, (_, i) => i + 1);
    const harm = seeds.flatMap((seed) => new EdgeHistory(seed, rules).run().harm);
    assert.ok(harm.some((one) => expected.test(one)));
  });
}
