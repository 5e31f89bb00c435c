/** The router of a run: routes to machines and pods, answers for neighbours, and what the client may reach. */
import { AF_INET, AF_INET6, type RouteSpec, type RuleSpec, Table } from "@carrick/agent/net";
import { addressAt, digits } from "../topology/range.ts";
import { ROUTER_HOST } from "../topology/schema.ts";
import type { Topology } from "../topology/topology.ts";
import { addressesOf, networkOf, routesTo } from "./addresses.ts";
import { macOf } from "./mac.ts";
import { namespaceOf, type Place, routerLink } from "./place.ts";
import type { PlannedNamespace } from "./planned.ts";
import { EVERY_MACHINE, FORWARDS } from "./settings.ts";

/** What the client may reach stands in a table of its own. */
const CLIENT_TABLE = 250;

export function planRouter(topology: Topology, run: string, places: readonly Place[]): PlannedNamespace {
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
    settings: { ...EVERY_MACHINE, ...FORWARDS },
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
      { family, priority: 102, inLink: "edge", to, table: Table.main },
      // The router itself (its answers to the client's ARP and NDP) has no incoming link.
      { family, priority: 103, inLink: "lo", to, table: Table.main },
      { family, priority: 104, to, action: "unreachable" },
    ];
  });
}
