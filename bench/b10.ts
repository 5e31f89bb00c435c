/** B10: from the API write to the first request that the real Envoy serves. */
import { type Block, type Make, measure } from "./measure/block.ts";
import { FLAT, latencies, LATENCY_GOALS } from "./measure/figures.ts";
import { type Context, describe, makeHosts, runs, size, worldsOf } from "./measure/run.ts";
import { type Figure, median } from "./report/row.ts";
import type { Shape } from "./world/objects.ts";

const SAMPLING_MS = 1;

const SIZES = [
  { hosts: 1000, clusters: 2, smoke: true },
  { hosts: 1000, clusters: 20 },
  { hosts: 5000, clusters: 2 },
  { hosts: 5000, clusters: 20, smoke: true },
];

const KINDS = ["new host", "new host and Service", "endpoint replaced"] as const;
type Kind = (typeof KINDS)[number];
const MAKE: Readonly<Record<Kind, Make>> = {
  "new host": makeHosts,
  "new host and Service": (changes, count) => changes.hostsWithService(count),
  "endpoint replaced": (changes, count) => changes.endpoints(count, 1),
};
type Measured = Readonly<Record<Kind, readonly Block[]>>;

export async function b10(context: Context): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const https of [false, true]) {
    const protocol = https ? "HTTPS" : "HTTP";
    const worlds: Measured[] = [];
    for (const { hosts, clusters } of worldsOf(context.effort, SIZES)) {
      const shape: Shape = { clusters, hosts: size(context.effort, hosts), wildcards: 0, services: "own", https };
      const measured = await measureWorld(context, shape);
      worlds.push(measured);
      for (const kind of KINDS)
        figures.push(...latencies(`${kind}: ${describe(shape)}`, measured[kind], LATENCY_GOALS));
    }
    for (const kind of KINDS) figures.push(flatness(`${kind}: ${protocol}`, worlds[0]![kind], worlds.at(-1)![kind]));
    figures.push(
      ...exactness(
        protocol,
        worlds.flatMap((world) => Object.values(world).flat()),
      ),
    );
  }
  return figures;
}

async function measureWorld(context: Context, shape: Shape): Promise<Measured> {
  const measured: Record<Kind, Block[]> = { "new host": [], "new host and Service": [], "endpoint replaced": [] };
  await runs(context, shape, async (running) => {
    for (const kind of KINDS) measured[kind].push(await measure(running, MAKE[kind], context.effort.changes));
  });
  return measured;
}

function flatness(what: string, small: readonly Block[], large: readonly Block[]): Figure {
  const base = median(small.map(({ latencies }) => median(latencies)));
  const ratios = large.map(({ latencies }) => median(latencies) / base);
  return { what: `${what}, p50 of the largest world to that of the smallest`, unit: "×", goal: FLAT, runs: ratios };
}

/** How exactly the latencies are known, what of them is not Carrick's, and how far two halves of one block differ. */
function exactness(protocol: string, blocks: readonly Block[]): Figure[] {
  const medians = (of: (block: Block) => readonly number[]): number[] => blocks.map((block) => median(of(block)));
  const halves = blocks.map(({ latencies }) => {
    const half = (parity: number): number => median(latencies.filter((_, i) => i % 2 === parity));
    return Math.max(half(0), half(1)) / Math.min(half(0), half(1));
  });
  const intervals = medians((block) => block.intervals);
  return [
    { what: `sampling: ${protocol}, from one request to the next`, unit: "ms", goal: SAMPLING_MS, runs: intervals },
    {
      what: `API write: ${protocol}, until the API server's answer`,
      unit: "ms",
      runs: medians(({ writes }) => writes),
    },
    { what: `noise: ${protocol}, one half of a block to the other`, unit: "×", runs: halves },
  ];
}
