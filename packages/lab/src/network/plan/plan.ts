/**
 * What the network of a run consists of. Pure: topology and run id in; namespaces, links, addresses, routes, settings
 * out.
 *
 * A star, as a virtual private cloud looks from inside: every machine has one link to the router, which answers for its
 * neighbours (ARP, NDP) and knows which node has which pods. Inside a cluster the agents set the routes of their own.
 */
import type { RouteSpec, RuleSpec } from "@carrick/agent/net";
import { AF_INET, AF_INET6 } from "@carrick/agent/net";
import { addressAt, digits, withLength } from "../topology/range.ts";
import { CONTROL_PLANE_HOST, FIRST_NODE_HOST, ROUTER_HOST } from "../topology/schema.ts";
import type { Cluster, Ranges, Topology } from "../topology/topology.ts";
import { nodePods } from "./pods.ts";
import { namespaceOf, type Place, placesOf, routerLink } from "./place.ts";

/** The machine's own end of its link. */
export const MACHINE_LINK = "eth0";
/** Tables of the router: what a client may reach, and where it may be reached from. */
const CLIENT_TABLE = 250;

export interface PlannedNamespace {
  readonly name: string;
  readonly place: Place;
  /** Before there are links; in this order. */
  readonly settings: Readonly<Record<string, number>>;
  readonly links: readonly PlannedLink[];
  readonly rules: readonly RuleSpec[];
}

export interface PlannedLink {
  readonly name: string;
  readonly mac: string;
  readonly addresses: readonly string[];
  /** When it is up; `link` is left out, it is this one. */
  readonly routes: readonly RouteSpec[];
  /** Addresses of others for which it answers (NDP). */
  readonly proxies: readonly string[];
  readonly settings: Readonly<Record<string, number>>;
}

/** A cable between two links of the plan. */
export interface PlannedCable {
  readonly ends: readonly [CableEnd, CableEnd];
}

export interface CableEnd {
  readonly namespace: string;
  readonly link: string;
}

export interface Plan {
  readonly run: string;
  /** The router first. */
  readonly namespaces: readonly PlannedNamespace[];
  readonly cables: readonly PlannedCable[];
}

export function planNetwork(topology: Topology, run: string): Plan {
  const places = placesOf(topology);
  const router = namespaceOf(run, { kind: "router" });
  return {
    run,
    namespaces: [
      planRouter(topology, run, places),
      ...places.map((place, at) => planMachine(topology, run, place, at)),
    ],
    cables: places.map((place) => ({
      ends: [
        { namespace: router, link: routerLink(topology, place) },
        { namespace: namespaceOf(run, place), link: MACHINE_LINK },
      ],
    })),
  };
}

/** Where a machine can be reached. */
export function addressesOf(topology: Topology, place: Place): Ranges {
  const { ipv4, ipv6 } = networkOf(topology, place);
  const host = hostOf(place);
  return { ipv4: addressAt(ipv4, host), ipv6: addressAt(ipv6, digits(host)) };
}

function networkOf(topology: Topology, place: Place): Ranges {
  return "cluster" in place ? clusterOf(topology, place.cluster).network : topology.edge;
}

function clusterOf({ clusters }: Topology, name: string): Cluster {
  return clusters.find((cluster) => cluster.name === name)!;
}

function hostOf(place: Place): number {
  if (place.kind === "node") return FIRST_NODE_HOST + place.node - 1;
  if (place.kind === "router") return ROUTER_HOST;
  return place.kind === "client" ? 2 : CONTROL_PLANE_HOST;
}

/** Locally administered; the last bytes say which link it is. */
function macOf(side: 0 | 1, at: number): string {
  const bytes = [0x02, 0xca, 0x00, side, at >> 8, at & 0xff];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

const EVERYWHERE = {
  // Strict filtering would drop what comes back another way when a link is cut one way.
  "ipv4/conf/all/rp_filter": 0,
  "ipv4/conf/default/rp_filter": 0,
  // Every address of the lab has one owner; a search for another would make it unusable for a second.
  "ipv6/conf/all/accept_dad": 0,
  "ipv6/conf/default/accept_dad": 0,
  "ipv6/conf/default/accept_ra": 0,
  "ipv4/conf/all/accept_redirects": 0,
  "ipv4/conf/default/accept_redirects": 0,
} as const;

const FORWARDS = {
  "ipv4/ip_forward": 1,
  "ipv6/conf/all/forwarding": 1,
  "ipv4/conf/all/send_redirects": 0,
  "ipv4/conf/default/send_redirects": 0,
} as const;

function planMachine(topology: Topology, run: string, place: Place, at: number): PlannedNamespace {
  const network = networkOf(topology, place);
  const own = addressesOf(topology, place);
  return {
    name: namespaceOf(run, place),
    place,
    settings: { ...EVERYWHERE, ...(place.kind === "node" && FORWARDS) },
    links: [
      {
        name: MACHINE_LINK,
        mac: macOf(0, at),
        addresses: [withLength(network.ipv4, own.ipv4), withLength(network.ipv6, own.ipv6)],
        routes: [
          { destination: "0.0.0.0/0", via: addressAt(network.ipv4, ROUTER_HOST), onlink: true },
          { destination: "::/0", via: addressAt(network.ipv6, digits(ROUTER_HOST)), onlink: true },
        ],
        proxies: [],
        settings: {},
      },
    ],
    rules: [],
  };
}

function planRouter(topology: Topology, run: string, places: readonly Place[]): PlannedNamespace {
  const routed = new Set<string>();
  /** Of two clusters with the same pods the first has the route: a network cannot know better. */
  const isFirst = ({ destination, table }: RouteSpec): boolean => {
    const key = `${destination} ${table}`;
    if (routed.has(key)) return false;
    routed.add(key);
    return true;
  };
  return {
    name: namespaceOf(run, { kind: "router" }),
    place: { kind: "router" },
    settings: { ...EVERYWHERE, ...FORWARDS },
    links: places.map((place, at) => {
      const link = routerLink(topology, place);
      const network = networkOf(topology, place);
      const neighbours = places.filter((other) => other !== place && networkOf(topology, other) === network);
      return {
        name: link,
        mac: macOf(1, at),
        addresses: [
          `${addressAt(network.ipv4, ROUTER_HOST)}/32`,
          `${addressAt(network.ipv6, digits(ROUTER_HOST))}/128`,
        ],
        routes: [...routesTo(topology, place), ...routesForClient(topology, place)].filter(isFirst),
        proxies: neighbours.map((other) => addressesOf(topology, other).ipv6),
        settings: {
          [`ipv4/conf/${link}/proxy_arp`]: 1,
          [`ipv6/conf/${link}/proxy_ndp`]: 1,
          // Else answers for others wait up to 0.8 s.
          [`ipv4/neigh/${link}/proxy_delay`]: 0,
          [`ipv6/neigh/${link}/proxy_delay`]: 0,
        },
      };
    }),
    rules: clientRules(topology),
  };
}

/** What is behind the links of machines: their own addresses and, for nodes, those of their pods. Each once. */
export function destinationsOf(topology: Topology, places: readonly Place[]): string[] {
  return [...new Set(places.flatMap((place) => routesTo(topology, place)).map(({ destination }) => destination))];
}

function routesTo(topology: Topology, place: Place): RouteSpec[] {
  const { ipv4, ipv6 } = addressesOf(topology, place);
  const own = [{ destination: `${ipv4}/32` }, { destination: `${ipv6}/128` }];
  if (place.kind !== "node") return own;
  const pods = nodePods(clusterOf(topology, place.cluster), place.node);
  return [
    ...own,
    { destination: pods.ipv4, via: ipv4, onlink: true },
    { destination: pods.ipv6, via: ipv6, onlink: true },
  ];
}

/** What the client may reach stands in a table of its own as well. */
function routesForClient(topology: Topology, place: Place): RouteSpec[] {
  if (place.kind !== "edge") return [];
  return routesTo(topology, place).map((route) => ({ ...route, table: CLIENT_TABLE }));
}

/** A client is of the outside world: it reaches the edge and nothing else, and nothing else reaches it. */
function clientRules(topology: Topology): RuleSpec[] {
  const client = addressesOf(topology, { kind: "client" });
  return ([AF_INET, AF_INET6] as const).flatMap((family): RuleSpec[] => {
    const to = family === AF_INET ? `${client.ipv4}/32` : `${client.ipv6}/128`;
    return [
      { family, priority: 100, inLink: "client", table: CLIENT_TABLE },
      { family, priority: 101, inLink: "client", action: "unreachable" },
      { family, priority: 102, inLink: "edge", to, table: 254 },
      // The router itself (its answers to the client's ARP and NDP) has no incoming link.
      { family, priority: 103, inLink: "lo", to, table: 254 },
      { family, priority: 104, to, action: "unreachable" },
    ];
  });
}
