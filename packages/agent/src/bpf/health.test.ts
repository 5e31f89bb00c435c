import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { TICK_SHIFT } from "./layout/generated.ts";
import { type ClusterHealth, type GroupDescription, HEALTHY } from "./index.ts";
import { Bed, churn, type Dial, frontend, group, member, service, startWriter, type Writer } from "./fixture.ts";

/** Which group and member a new flow gets: by 30,000 connects on the real kernel, checked by chi-square. */

const CONNECTS = 30_000;
/** Chi-square that a right distribution exceeds once in 100,000 runs, by degrees of freedom. */
const LIMITS = [Number.NaN, 19.51, 23.03, 25.9, 28.47, 30.86];

let bed: Bed;
let writer: Writer;
let dial: Dial;

before(async () => {
  bed = new Bed();
  const object = bed.load();
  writer = await startWriter(object);
  bed.attach(object, ["connect4"]);
  dial = bed.dial();
  writer.publisher.setFrontend(frontend("10.96.0.1 80", "UDP"), "cart");
});
after(() => bed[Symbol.asyncDispose]());

/** Five members of a cluster: 10.1.CLUSTER.1 to .5. */
function of(cluster: number, tier: number, weight = 100, need = 100): GroupDescription {
  const ips = [1, 2, 3, 4, 5].map((i) => `10.1.${cluster}.${i}`);
  return group(ips, { cluster, tier, weight, need });
}

async function serve(groups: readonly GroupDescription[], more = {}, health: Record<number, object> = {}) {
  for (let cluster = 0; cluster < 4; cluster++) writer.health.set(cluster, { ...HEALTHY, ...health[cluster] });
  writer.publisher.setService("cart", service(groups, more));
  await writer.publisher.flush();
}

/** How often each name was met, by what `name` makes of an address. */
async function met(name: (ip: string) => string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const [peer, count] of await dial.spread(CONNECTS, "udp4", "10.96.0.1 80")) {
    const key = name(peer.split(" ")[0]!);
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return counts;
}

function assertShares(counts: ReadonlyMap<string, number>, shares: Readonly<Record<string, number>>): void {
  const wanted = Object.entries(shares).filter(([, share]) => share > 0);
  assert.deepEqual([...counts.keys()].sort(), wanted.map(([name]) => name).sort());
  const terms = wanted.map(([name, share]) => (counts.get(name)! - share * CONNECTS) ** 2 / (share * CONNECTS));
  const chi2 = terms.reduce((sum, term) => sum + term, 0);
  const limit = LIMITS[wanted.length - 1] ?? 0;
  if (wanted.length > 1) assert.ok(chi2 < limit, `chi2 ${chi2} of ${JSON.stringify([...counts])}`);
}

const cluster = (ip: string): string => ip.split(".")[2]!;
const NOTHING: Partial<ClusterHealth> = { share: 0 };
const share = (share: number): Partial<ClusterHealth> => ({ share });
const drained: Partial<ClusterHealth> = { drain: 0 };
const TWO = [of(0, 0), of(1, 1)];

const CASES: [
  name: string,
  groups: GroupDescription[],
  health: Record<number, object>,
  shares: Record<number, number>,
][] = [
  ["the first tier takes everything that it is enough for", TWO, {}, { 0: 1 }],
  ["what the first lacks spills over", TWO, { 0: share(0.75) }, { 0: 0.75, 1: 0.25 }],
  ["weight above the need is a reserve", [of(0, 0, 140), of(1, 1)], { 0: share(0.75) }, { 0: 1 }],
  ["and no more than that", [of(0, 0, 140), of(1, 1)], { 0: share(0.5) }, { 0: 0.7, 1: 0.3 }],
  ["a drain counts like a lack", TWO, { 0: { drain: 0.5 } }, { 0: 0.5, 1: 0.5 }],
  ["groups of one tier share by weight", [of(0, 0, 60), of(1, 0, 40)], {}, { 0: 0.6, 1: 0.4 }],
  [
    "three tiers",
    [of(0, 0), of(1, 1, 60), of(2, 1, 40), of(3, 2)],
    { 0: share(0.5), 1: share(0.25), 2: share(0.25) },
    { 0: 0.5, 1: 0.15, 2: 0.1, 3: 0.25 },
  ],
  ["too little everywhere is scaled up", TWO, { 0: share(0.25), 1: share(0.25) }, { 0: 0.5, 1: 0.5 }],
  ["when all are down, all are up", TWO, { 0: NOTHING, 1: NOTHING }, { 0: 1 }],
  ["but one that is drained stays so", TWO, { 0: { share: 0, drain: 0 }, 1: NOTHING }, { 1: 1 }],
  ["when all are drained, none is", TWO, { 0: drained, 1: drained }, { 0: 1 }],
  ["a verdict after its deadline counts for nothing", TWO, { 0: { share: 0, deadline: 1 } }, { 0: 1 }],
  ["a drain has no deadline", TWO, { 0: { drain: 0, deadline: 1 } }, { 1: 1 }],
];

for (const [name, groups, health, shares] of CASES)
  test(name, async () => {
    await serve(groups, {}, health);
    assertShares(await met(cluster), shares);
  });

test("a verdict before its deadline counts", async () => {
  const inAnHour = Number(process.hrtime.bigint() >> BigInt(TICK_SHIFT)) + 3_600;
  await serve(TWO, {}, { 0: { share: 0, deadline: inAnHour } });
  assertShares(await met(cluster), { 1: 1 });
});

test("members are met alike, or by their weights", async () => {
  await serve([of(0, 0)]);
  assertShares(await met((ip) => ip.split(".")[3]!), { 1: 0.2, 2: 0.2, 3: 0.2, 4: 0.2, 5: 0.2 });
  const weighted = [0, 1, 2, 3, 4].map((weight) => member(`10.1.0.${weight}`, weight));
  await serve([{ ...of(0, 0), members: weighted }]);
  assertShares(await met((ip) => ip.split(".")[3]!), { 1: 0.1, 2: 0.2, 3: 0.3, 4: 0.4 });
});

test("with a ring members are met by their part of it, and a hashed client meets one", async () => {
  await serve([of(0, 0)], { ringSize: 251 });
  const parts = { 1: 51, 2: 50, 3: 50, 4: 50, 5: 50 };
  const counts = await met((ip) => ip.split(".")[3]!);
  assertShares(counts, Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part / 251])));
  await serve([of(0, 0)], { ringSize: 251, hashClient: true });
  assert.equal((await met((ip) => ip)).size, 1);
});

test("sixteen groups in sixteen tiers all take their part", async () => {
  const groups = Array.from({ length: 16 }, (_, i) => group([`10.1.${i % 4}.${i + 1}`], { tier: i, need: 1600 }));
  await serve(groups);
  const counts = await met((ip) => ip.split(".")[3]!);
  assert.equal(counts.size, 16);
  const expected = CONNECTS / 16;
  const chi2 = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // Once in 100,000 with 15 degrees of freedom.
  assert.ok(chi2 < 49.9, `chi2 ${chi2}`);
});

test("one store moves a whole cluster: no connect after it goes the old way", async () => {
  // Cluster 0 is set A of the client, cluster 1 its set B.
  await serve([group(["10.1.0.1"], { cluster: 0 }), group(["10.1.0.11"], { cluster: 1, tier: 1 })]);
  let down = false;
  const seen = await churn(bed, "udp", 100_000, async (clock) => {
    for (let i = 0; i < 99; i++) {
      down = !down;
      clock.tick();
      writer.health.set(0, { ...HEALTHY, share: down ? 0 : 1 });
      clock.tick();
    }
  });
  assert.equal(seen.failed + seen.wrong, 0);
  assert.ok(seen.a > 0 && seen.b > 0 && seen.checked > 0);
});
