/** Who listens where: everything on 127.0.0.0/8, which needs no root and no interface. */
import { freePort } from "../../process/index.ts";

export const CLUSTERS = ["london", "paris"] as const;
export type DemoCluster = (typeof CLUSTERS)[number];

export interface Listens {
  readonly address: string;
  readonly port: number;
}

export interface ReplicaAddresses {
  readonly xds: Listens;
  readonly api: Listens;
  readonly metrics: Listens;
}

export interface EdgeAddresses {
  readonly http: Listens;
  readonly https: Listens;
}

export interface Addresses {
  readonly apiServers: Readonly<Record<DemoCluster, Listens>>;
  readonly replicas: readonly [ReplicaAddresses, ReplicaAddresses];
  readonly edges: readonly [EdgeAddresses, EdgeAddresses];
  /** Of every pod. */
  readonly podPort: number;
}

const API_SERVERS = { london: "127.1.0.1", paris: "127.2.0.1" } as const;
const REPLICAS = ["127.0.0.1", "127.0.0.2"] as const;
const EDGES = ["127.250.0.1", "127.250.0.2"] as const;

/** Pod `n` of a cluster, from 1 to 254. */
export function podAddress(cluster: DemoCluster, n: number): string {
  return `127.${cluster === "london" ? 11 : 12}.1.${n}`;
}

/** The ports that a person expects, where they are free. */
export async function chooseAddresses(): Promise<Addresses> {
  const pods = CLUSTERS.flatMap((cluster) => [1, 2, 3, 4].map((n) => podAddress(cluster, n)));
  const [podPort, london, paris, first, second, one, two] = await Promise.all([
    freePort(pods, [8080]),
    listens(API_SERVERS.london, 6443),
    listens(API_SERVERS.paris, 6443),
    replica(REPLICAS[0]),
    replica(REPLICAS[1]),
    edge(EDGES[0]),
    edge(EDGES[1]),
  ]);
  return { apiServers: { london, paris }, replicas: [first, second], edges: [one, two], podPort };
}

async function listens(address: string, preferred: number): Promise<Listens> {
  return { address, port: await freePort([address], [preferred]) };
}

async function replica(address: string): Promise<ReplicaAddresses> {
  return {
    xds: await listens(address, 18000),
    api: await listens(address, 18001),
    metrics: await listens(address, 18002),
  };
}

async function edge(address: string): Promise<EdgeAddresses> {
  return { http: await listens(address, 8080), https: await listens(address, 8443) };
}
