/** What a change costs: bytes on the wire, CPU of Envoy's main thread, updates of listeners; with many hosts. */
import { type Block, type Make, measure } from "./measure/block.ts";
import { FLAT, latencies, LATENCY_GOALS } from "./measure/figures.ts";
import { type Context, describe, type Effort, makeHosts, runs, size, worldsOf } from "./measure/run.ts";
import { type Figure, median } from "./report/row.ts";
import { SETS, type Shape } from "./world/objects.ts";

const HOST_BYTES = 12_000;
const HOST_MS = 2;
const HOST_AND_SERVICE_MS = 3.5;
const ENDPOINT_MS = 0.6;

/** A kind of change with its goals; what has none is only measured. */
interface Kind {
  readonly name: string;
  readonly make: Make;
  readonly bytes?: number;
  readonly envoyMs?: number;
  /** Left out where the latency is that of another row, or of the sampling. */
  readonly latency?: "at the goals" | "measured";
  /** Makes a filter chain, which is a change of the listener. */
  readonly chains?: boolean;
}

const HOST: Kind = {
  name: "new host",
  make: makeHosts,
  bytes: HOST_BYTES,
  envoyMs: HOST_MS,
};

const HOST_AND_SERVICE: Kind = {
  name: "new host and Service",
  make: (changes, count) => changes.hostsWithService(count),
  envoyMs: HOST_AND_SERVICE_MS,
};

const HOST_AND_CERTIFICATE: Kind = {
  name: "new host and certificate",
  make: (changes, count) => changes.hostsWithCertificate(count),
  latency: "measured",
  chains: true,
};

const ENDPOINTS: readonly Kind[] = SETS.map((of) => ({
  name: `endpoint replaced, 1 of ${of}`,
  make: (changes, count) => changes.endpoints(count, of),
  bytes: 200 + 60 * of,
  envoyMs: ENDPOINT_MS,
}));

const WILDCARD: Kind = { ...HOST, name: "new wildcard host", make: (changes, count) => changes.wildcardHosts(count) };

interface Case {
  readonly hosts: number;
  readonly wildcards?: number;
  readonly https?: boolean;
  readonly smoke?: boolean;
  readonly kinds: readonly Kind[];
}

const CASES: readonly Case[] = [
  { hosts: 1000, kinds: [HOST, HOST_AND_SERVICE, ...ENDPOINTS], smoke: true },
  { hosts: 10_000, kinds: [{ ...HOST, latency: "at the goals" }, HOST_AND_SERVICE, ...ENDPOINTS] },
  { hosts: 1000, https: true, kinds: [HOST, HOST_AND_SERVICE, HOST_AND_CERTIFICATE], smoke: true },
  { hosts: 10_000, https: true, kinds: [{ ...HOST, latency: "at the goals" }, HOST_AND_SERVICE, HOST_AND_CERTIFICATE] },
  { hosts: 1000, wildcards: 100, kinds: [HOST, { ...WILDCARD, latency: "at the goals" }], smoke: true },
  { hosts: 1000, wildcards: 1000, kinds: [HOST, { name: WILDCARD.name, make: WILDCARD.make, latency: "measured" }] },
];
const CLUSTERS = 2;

/** Blocks of each run, by kind. */
type Measured = readonly { readonly kind: Kind; readonly blocks: readonly Block[] }[];

export async function costs(context: Context): Promise<Figure[]> {
  const figures: Figure[] = [];
  const measured = new Map<Case, Measured>();
  for (const one of worldsOf(context.effort, CASES)) {
    const shape = shapeOf(context.effort, one);
    const all = await measureCase(context, shape, one.kinds);
    measured.set(one, all);
    figures.push(...all.flatMap(({ kind, blocks }) => figuresOf(kind, `${kind.name}: ${describe(shape)}`, blocks)));
    figures.push(listenerFigure(describe(shape), all));
  }
  return [...figures, ...flatness(measured)];
}

function shapeOf(effort: Effort, { hosts, wildcards = 0, https = false }: Case): Shape {
  const few = wildcards === 0 ? 0 : size(effort, wildcards);
  return { clusters: CLUSTERS, hosts: size(effort, hosts), wildcards: few, services: "own", https };
}

async function measureCase(context: Context, shape: Shape, kinds: readonly Kind[]): Promise<Measured> {
  const measured = kinds.map((kind) => ({ kind, blocks: [] as Block[] }));
  await runs(context, shape, async (running) => {
    for (const { kind, blocks } of measured) blocks.push(await measure(running, kind.make, context.effort.changes));
  });
  return measured;
}

function figuresOf({ bytes, envoyMs, latency }: Kind, what: string, blocks: readonly Block[]): Figure[] {
  const goal = (value: number | undefined) => (value === undefined ? {} : { goal: value });
  return [
    { what: `${what}, bytes`, unit: "bytes", runs: blocks.map((block) => block.bytes), ...goal(bytes) },
    {
      what: `${what}, Envoy's main thread`,
      unit: "ms",
      runs: blocks.map((block) => block.envoyMainMs),
      ...goal(envoyMs),
    },
    ...(latency === undefined ? [] : latencies(what, blocks, latency === "at the goals" ? LATENCY_GOALS : undefined)),
  ];
}

function listenerFigure(where: string, all: Measured): Figure {
  const untouched = all.filter(({ kind }) => kind.chains !== true).map(({ blocks }) => blocks);
  const sums = untouched[0]!.map((_, run) => untouched.reduce((sum, blocks) => sum + blocks[run]!.listenerUpdates, 0));
  return { what: `updates of listeners, certificates apart: ${where}`, unit: "", goal: 0, runs: sums };
}

/** Bytes of the kinds that have a goal for them, where there are many hosts to where there are few. */
function flatness(measured: ReadonlyMap<Case, Measured>): Figure[] {
  const figures: Figure[] = [];
  const [few, many] = [...measured].filter(([one]) => one.wildcards === undefined && one.https !== true);
  if (few === undefined || many === undefined) return figures;
  for (const { kind, blocks } of few[1]) {
    const other = many[1].find((one) => one.kind.name === kind.name);
    if (kind.bytes === undefined || other === undefined) continue;
    const base = median(blocks.map((block) => block.bytes));
    const what = `${kind.name}: bytes with ${many[0].hosts.toLocaleString("en")} hosts to ${few[0].hosts.toLocaleString("en")}`;
    figures.push({ what, unit: "×", goal: FLAT, runs: other.blocks.map((block) => block.bytes / base) });
  }
  return figures;
}
