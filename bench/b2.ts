/** B2: a TCP connect from pod to pod through a Service, beside the bare one and the rules of kube-proxy. */
import { type Arms, type Compared, compare, isQuiet, quietly } from "./measure/abba.ts";
import { type Context, size, worldsOf } from "./measure/run.ts";
import { Caller, startEcho, type Timed } from "./mesh/caller.ts";
import { installRules, iptablesRules, nftablesRules, type ProxiedService, versionOf } from "./mesh/proxy-rules.ts";
import { serviceAddress, serviceObjects } from "./mesh/services.ts";
import { until } from "./mesh/until.ts";
import { inMesh, type Mesh, type MeshCluster } from "./mesh/world.ts";
import type { Figure } from "./report/row.ts";

const SIZES = [
  { services: 1, iptables: true, goal: 1.08, smoke: true },
  { services: 1000, iptables: true, goal: 1.08, smoke: true },
  { services: 10_000, iptables: false, goal: 1.12 },
];
/** What Carrick may take of the time that they take. */
const PEERS = { nft: { name: "nftables", goal: 0.85 }, iptables: { name: "iptables", goal: 1 } } as const;

const BACKENDS = 3;
/** Addresses that only the rules know: Carrick's programs would be faster than they are asked. */
const PROXIED_RANGE = 196;

const BLOCKS = 20;
const CONNECTS = 500;

/** A node each, so that none pays for the rules of another; the last one has the pods that answer. */
const NODES = { carrick: 0, nft: 1, iptables: 2, backends: 3 } as const;

type Size = (typeof SIZES)[number];
type Peer = keyof typeof PEERS;
type Clients = Readonly<Record<"bare" | "again" | "carrick" | "nft" | "iptables", Caller>>;

interface Run extends Compared {
  readonly noise: number;
  readonly failed: number;
}

export async function b2(context: Context): Promise<Figure[]> {
  return inMesh(context, { london: Object.keys(NODES).length }, async ({ clusters: [london], stack }) => {
    const backends = await startBackends(london!, stack);
    const clients = await startClients(london!, stack);
    await clients.bare.targets(backends);
    await clients.again.targets(backends);
    const figures: Figure[] = [];
    let written = 0;
    for (const world of worldsOf(context.effort, SIZES)) {
      const services = size(context.effort, world.services);
      context.progress(`${services} services`);
      await offer(london!, written, services, backends);
      written = services;
      const peers = await proxy(london!, clients, world, services, backends);
      const runs: Run[] = [];
      for (let number = 1; number <= context.effort.runs; number++) {
        context.progress(`${services} services: run ${number} of ${context.effort.runs}`);
        runs.push(await measureRun(clients, peers, context.effort.smoke));
      }
      figures.push(...figuresOf(world, services, peers, runs));
    }
    return figures;
  });
}

async function startBackends({ nodes }: MeshCluster, stack: Mesh["stack"]): Promise<string[]> {
  const addresses: string[] = [];
  for (let n = 1; n <= BACKENDS; n++) {
    const pod = await nodes[NODES.backends]!.addPod(`backend-${n}`);
    await startEcho(pod, stack);
    addresses.push(pod.ipv4);
  }
  return addresses;
}

async function startClients({ nodes }: MeshCluster, stack: Mesh["stack"]): Promise<Clients> {
  const [pod, nft, iptables] = await Promise.all(
    (["carrick", "nft", "iptables"] as const).map((name) => nodes[NODES[name]]!.addPod(`client-${name}`)),
  );
  return {
    bare: await Caller.start(pod!, stack, false),
    again: await Caller.start(pod!, stack, false),
    carrick: await Caller.start(pod!, stack),
    nft: await Caller.start(nft!, stack, false),
    iptables: await Caller.start(iptables!, stack, false),
  };
}

/** Writes Services up to so many, and waits until every kernel has all of them. */
async function offer(
  { api, nodes }: MeshCluster,
  from: number,
  to: number,
  backends: readonly string[],
): Promise<void> {
  for (let n = from; n < to; n++) for (const object of serviceObjects(n, backends)) api.objects.apply(object);
  const all = Array.from({ length: to }, (_, n) => serviceAddress(n));
  await until(`${to} services in every kernel`, () =>
    nodes.every(({ kernel }) => all.every((address) => kernel.generation(address) !== 0)),
  );
}

/** Gives every client its targets, in an order that no cache foresees; tells which peers there are. */
async function proxy(
  { nodes }: MeshCluster,
  clients: Clients,
  { iptables }: Size,
  services: number,
  endpoints: readonly string[],
): Promise<Peer[]> {
  const order = shuffled(services);
  await clients.carrick.targets(order.map((n) => serviceAddress(n)));
  const proxied = order.map((n): ProxiedService => ({ address: serviceAddress(n, PROXIED_RANGE), endpoints }));
  const sorted = proxied.toSorted((a, b) => a.address.localeCompare(b.address));
  const peers = (Object.keys(PEERS) as Peer[]).filter((tool) => versionOf(tool) && (tool === "nft" || iptables));
  for (const tool of peers) {
    const rules = tool === "nft" ? nftablesRules(sorted) : iptablesRules(sorted);
    await installRules(nodes[NODES[tool]]!.place.namespace!, tool, rules);
    await clients[tool].targets(proxied.map(({ address }) => address));
  }
  return peers;
}

async function measureRun(clients: Clients, peers: readonly Peer[], smoke: boolean): Promise<Run> {
  const names = ["bare", "carrick", ...peers, "again"] as const;
  const { result, noise } = await quietly(async () => {
    const timed: Timed[] = [];
    const arms: Arms = Object.fromEntries(
      names.map((name) => [
        name,
        async () => {
          const one = await clients[name].time(CONNECTS);
          timed.push(one);
          return one.p50;
        },
      ]),
    );
    const compared = await compare(arms, smoke ? 2 : BLOCKS);
    const failed = timed.reduce((sum, one) => sum + one.failed, 0);
    return { result: { ...compared, failed }, noise: compared.ratio("again", "bare") };
  });
  return { ...result, noise };
}

function figuresOf({ goal }: Size, services: number, peers: readonly Peer[], runs: Run[]): Figure[] {
  const where = `${services.toLocaleString("en")} ${services === 1 ? "service" : "services"}`;
  const quiet = runs.every(({ noise }) => isQuiet(noise));
  const ratio = (what: string, one: string, other: string, goal?: number): Figure => ({
    what: `${where}: ${what}`,
    unit: "×",
    runs: runs.map((run) => run.ratio(one, other)),
    ...(goal !== undefined && { goal }),
    ...(!quiet && { isVoid: true, note: "void: the same connect measured as two differs by more than 5 %" }),
  });
  const peerFigures = peers.flatMap((peer) => {
    const { name, goal: most } = PEERS[peer];
    return [ratio(`Carrick to ${name}`, "carrick", peer, most), ratio(`${name} to the bare connect`, peer, "bare")];
  });
  return [
    ratio("Carrick to the bare connect", "carrick", "bare", goal),
    ...peerFigures,
    { what: `${where}: bare connect, p50`, unit: "µs", runs: runs.map((run) => run.of("bare") / 1000) },
    { what: `${where}: connects that failed`, unit: "", goal: 0, runs: runs.map(({ failed }) => failed) },
    { what: `${where}: noise, the bare connect to itself`, unit: "×", runs: runs.map(({ noise }) => noise) },
  ];
}

function shuffled(count: number): number[] {
  const order = Array.from({ length: count }, (_, n) => n);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
