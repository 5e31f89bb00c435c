import { exchange, type Load, startLoad, tally } from "../../../load/index.ts";
import type { Checks } from "../../checks.ts";
import type { Edge } from "../edge.ts";
import { REVIEWS, SHOP } from "../manifests.ts";
import type { Replica } from "../replica.ts";
import type { Step } from "../../step.ts";
import type { World } from "../world.ts";
import { accept } from "./accept.ts";
import { compare, heldBy } from "./held.ts";

const RATE = 200;
const NOTICED_WITHIN_MS = 10_000;
const BACK_WITHIN_MS = 20_000;
/** An Envoy that resumes has 5 s to tell what it holds; nothing is removed before. */
const TOLD_MS = 6000;

export const losses: Step<World> = {
  number: 5,
  title: "Losses: an API server, a replica, an Envoy, both replicas",
  fault: "paris' API server comes back without its objects",

  async run(world, checks, fault) {
    const [living] = world.edges;
    await accept(world, checks);
    const [before, updates] = [await heldBy(living), await living.updates()];
    const load = startLoad({ targets: [living.target(SHOP), living.target(SHOP, REVIEWS)], rate: RATE });
    try {
      await apiServerDies(world, checks, load, fault);
      await replicaDies(world, checks, load);
      await envoyDies(world, checks, load);
      checks.exactly("updates that the living Envoy got meanwhile", moreThan(updates, await living.updates()), 0);
      await allReplicasRestart(world, checks, load);
      await checks.within("the living Envoy holds what it held at first", BACK_WITHIN_MS, async () => {
        const { lost, changed, added } = compare(before, await heldBy(living));
        return lost + changed + added === 0;
      });
    } finally {
      await load.stop();
    }
    const { requests, failed } = tally(load.records);
    checks.exactly(`requests that failed, of ${requests}`, failed, 0);
  },
};

async function parisIs(state: "fresh" | "stale" | "unknown", { replicas }: World, checks: Checks): Promise<void> {
  await checks.within(`\`status\` of both replicas: paris is ${state}`, NOTICED_WITHIN_MS, async () => {
    const reports = await Promise.all(replicas.map((replica) => replica.status()));
    return reports.every(({ clusters }) => clusters.find(({ name }) => name === "paris")?.state === state);
  });
}

function moreThan(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  return [...after].reduce((sum, [name, count]) => sum + count - (before.get(name) ?? 0), 0);
}

function noErrors(checks: Checks, load: Load): void {
  const { requests, failed } = tally(load.records);
  checks.exactly(`requests that failed so far, of ${requests}`, failed, 0);
}

type Sent = ReadonlyMap<string, number>;

/** Resources that the replicas have sent to the Envoys of its fleet since they started, by type. */
async function sentTo({ fleet }: Edge, replicas: readonly Replica[]): Promise<Sent> {
  const samples = await Promise.all(replicas.map((replica) => replica.samples("carrick_xds_resources_sent_total")));
  const sent = new Map<string, number>();
  for (const { labels, value } of samples.flat()) {
    if (labels["fleet"] === fleet) sent.set(labels["type"]!, (sent.get(labels["type"]!) ?? 0) + value);
  }
  return sent;
}

function checkNoneSent(checks: Checks, after: Sent, before: Sent = new Map()): void {
  const more = [...after].flatMap(([type, count]) => {
    const since = count - (before.get(type) ?? 0);
    return since === 0 ? [] : [`${type} ${since}`];
  });
  checks.exactly("resources sent to the living Envoy", more.join(", ") || "none", "none");
}

async function apiServerDies(world: World, checks: Checks, load: Load, forgets: boolean): Promise<void> {
  const { paris } = world.clusters;
  const [living] = world.edges;
  const sent = await sentTo(living, world.replicas);
  checks.now("paris' API server is killed");
  await paris.apiServer.kill();
  await parisIs("stale", world, checks);
  await load.more(RATE / 2);
  if (forgets) paris.forgetObjects();
  await paris.apiServer.again();
  await parisIs("fresh", world, checks);
  await load.more(RATE / 2);
  noErrors(checks, load);
  checkNoneSent(checks, await sentTo(living, world.replicas), sent);
}

async function replicaDies(world: World, checks: Checks, load: Load): Promise<void> {
  const [living] = world.edges;
  const [first, second] = world.replicas;
  const [dies, stays] = (await first.envoys(living.fleet)).length > 0 ? [first, second] : [second, first];
  const sent = await sentTo(living, [stays]);
  checks.now(`${dies.name} is killed: the living Envoy has its stream there`);
  await dies.process.kill();
  await checks.within("the living Envoy is at the other replica", NOTICED_WITHIN_MS, async () => {
    return (await stays.envoys(living.fleet)).length > 0;
  });
  await dies.process.again();
  await checks.within("the replica is back and ready", BACK_WITHIN_MS, () => dies.ready());
  await load.more(RATE / 2);
  noErrors(checks, load);
  checkNoneSent(checks, await sentTo(living, world.replicas), sent);
}

async function envoyDies(world: World, checks: Checks, load: Load): Promise<void> {
  const [, dies] = world.edges;
  checks.now("the other Envoy is killed");
  await dies.process.kill();
  await load.more(RATE / 2);
  await dies.process.again();
  await checks.within("it is back and serves", BACK_WITHIN_MS, async () => {
    return (await exchange(dies.target(SHOP), 1000)).status === 200;
  });
  noErrors(checks, load);
}

/** Once with the copies on disk, once without: what is unknown is not absent. */
async function allReplicasRestart(world: World, checks: Checks, load: Load): Promise<void> {
  const { replicas, edges } = world;
  const { paris } = world.clusters;
  const [living] = edges;
  checks.now("paris' API server is killed again");
  await paris.apiServer.kill();
  await parisIs("stale", world, checks);

  const before = await heldBy(living);
  await restartReplicas("with their copies of paris on disk", world, checks, load, async () => {
    await Promise.all(replicas.map(({ process }) => process.kill()));
  });
  await parisIs("stale", world, checks);
  await accept(world, checks);
  checkNoneSent(checks, await sentTo(living, replicas));

  await restartReplicas("without any copy", world, checks, load, async () => {
    await Promise.all(replicas.map(({ process }) => process.kill()));
    for (const replica of replicas) replica.forgetCopies();
  });
  await parisIs("unknown", world, checks);
  await checks.within("it has been connected again for 6 s", NOTICED_WITHIN_MS, async () => {
    const reports = await Promise.all(replicas.map((replica) => replica.status()));
    return reports.some(({ now, fleets }) =>
      fleets.some(
        ({ name, envoys: [envoy] }) => name === living.fleet && now - (envoy?.connectedSince ?? now) > TOLD_MS,
      ),
    );
  });
  const { lost, changed, added } = compare(before, await heldBy(living));
  checks.exactly(`of its ${before.size} resources, lost or changed`, lost + changed, 0);
  // What london alone has of a backend that it shares with paris is another backend, which no route names.
  const sent = await sentTo(living, replicas);
  checks.exactly("resources sent to it that it had already", moreThan(new Map(), sent) - added, 0);

  checks.now("paris' API server returns");
  await paris.apiServer.again();
  await parisIs("fresh", world, checks);
  await accept(world, checks);
  checkNoneSent(checks, await sentTo(living, replicas), sent);
}

async function restartReplicas(
  how: string,
  { replicas }: World,
  checks: Checks,
  load: Load,
  end: () => Promise<void>,
): Promise<void> {
  checks.now(`both replicas restart ${how}`);
  await end();
  await load.more(RATE / 4);
  await Promise.all(replicas.map(({ process }) => process.again()));
  await load.more(RATE / 2);
  noErrors(checks, load);
}
