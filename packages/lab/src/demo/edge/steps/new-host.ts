import { setTimeout as delay } from "node:timers/promises";
import { now, probe, sendMany, quantile, tally } from "../../../load/index.ts";
import { CLUSTERS } from "../addresses.ts";
import { route } from "../manifests.ts";
import { sumOf } from "../../metrics.ts";
import type { Step } from "../../step.ts";
import type { World } from "../world.ts";
import { accept } from "./accept.ts";

const HOSTS = 500;
const NEW_HOSTS = 9;
/** Writers to each API server at once. */
const WRITERS = 8;
const SERVED_WITHIN_MS = 20_000;
const FIRST_WITHIN_MS = 5000;
/** Generous for a busy machine; `make bench B=B10` measures it (goal: p50 ≤ 12 ms). */
const MEDIAN_MS = 100;
const HOLD_OFF_MS = 400;
const BYTES_PER_HOST = 12 * 1024;

export const newHost: Step<World> = {
  number: 2,
  title: "A new host among 500",
  fault: `the controllers hold every change back for ${HOLD_OFF_MS} ms`,

  async run(world, checks, fault) {
    const [edge] = world.edges;
    checks.now(`${HOSTS} Ingresses written, half in each cluster`);
    const written = now();
    const names = Array.from({ length: HOSTS }, (_, i) => `host-${i + 1}`);
    await Promise.all(
      CLUSTERS.map((_, half) =>
        write(
          world,
          half,
          names.filter((_name, i) => i % CLUSTERS.length === half),
        ),
      ),
    );
    const last = probe(edge.target(hostOf(names.at(-1)!)), isServed, { withinMs: SERVED_WITHIN_MS });
    checks.atMost(`${HOSTS} hosts written and served`, (await last.first).at - written, SERVED_WITHIN_MS, "ms");
    await accept(world, checks);
    const all = tally(
      await sendMany(
        names.map((name) => edge.target(hostOf(name))),
        HOSTS,
      ),
    );
    checks.exactly("hosts that answer", HOSTS - all.failed, HOSTS);

    checks.now(`${NEW_HOSTS} hosts more, one after the other, each asked for without a pause`);
    const listener = async (): Promise<string> => (await edge.configuration()).get("dynamic_listeners http") ?? "";
    const [version, bytes] = [await listener(), await bytesSent(world, edge.fleet)];
    const times: number[] = [];
    for (let i = 1; i <= NEW_HOSTS; i++) times.push(await untilServed(world, `new-${i}`, fault));
    times.sort((a, b) => a - b);
    checks.atMost("API write to first 200, median", quantile(times, 0.5), MEDIAN_MS, "ms");
    checks.atMost("API write to first 200, slowest", times.at(-1)!, FIRST_WITHIN_MS, "ms");
    await accept(world, checks);
    const pushed = ((await bytesSent(world, edge.fleet)) - bytes) / NEW_HOSTS;
    checks.between("bytes pushed to an Envoy for each", Math.round(pushed), 1, BYTES_PER_HOST, "B");
    checks.exactly("the listener's version is still", await listener(), version);
  },
};

function hostOf(name: string): string {
  return `${name}.example`;
}

function isServed({ status }: { readonly status: number }): boolean {
  return status === 200;
}

async function write(world: World, half: number, names: readonly string[]): Promise<void> {
  const { objects } = world.clusters[CLUSTERS[half]!];
  const left = names.values();
  const writer = async (): Promise<void> => {
    for (const name of left) await objects.create(route(name, hostOf(name), [{ path: "/", service: "catalog" }]));
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
}

/** Milliseconds from the start of the write until the answer of the first request that is served. */
async function untilServed(
  { edges: [edge], clusters, replicas }: World,
  name: string,
  holdOff: boolean,
): Promise<number> {
  const prober = probe(edge.target(hostOf(name)), isServed, { withinMs: FIRST_WITHIN_MS });
  await prober.warm;
  if (holdOff) for (const replica of replicas) replica.process.now.freeze();
  const written = now();
  await clusters.london.objects.create(route(name, hostOf(name), [{ path: "/", service: "catalog" }]));
  if (holdOff) {
    await delay(HOLD_OFF_MS);
    for (const replica of replicas) replica.process.now.thaw();
  }
  return (await prober.first).at - written;
}

async function bytesSent({ replicas }: World, fleet: string): Promise<number> {
  const samples = await Promise.all(replicas.map((replica) => replica.samples("carrick_xds_bytes_sent_total")));
  return sumOf(samples.flat(), "fleet", fleet);
}
