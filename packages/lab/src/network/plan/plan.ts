/**
 * What the network of a run consists of. Pure: topology and run id in; namespaces, links, addresses, routes, settings
 * out.
 *
 * A star, as a virtual private cloud looks from inside: every machine has one link to the router, which answers for its
 * neighbours (ARP, NDP) and knows which node has which pods. Inside a cluster the agents set the routes of their own.
 */
import { addressAt, digits, withLength } from "../topology/range.ts";
import { ROUTER_HOST } from "../topology/schema.ts";
import type { Topology } from "../topology/topology.ts";
import { addressesOf, networkOf } from "./addresses.ts";
import { macOf } from "./mac.ts";
import { namespaceOf, type Place, placesOf, routerLink } from "./place.ts";
import type { Plan, PlannedNamespace } from "./planned.ts";
import { planRouter } from "./router.ts";
import { EVERY_MACHINE, FORWARDS } from "./settings.ts";

/** The machine's own end of its link. */
export const MACHINE_LINK = "eth0";

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

function planMachine(topology: Topology, run: string, place: Place, at: number): PlannedNamespace {
  const network = networkOf(topology, place);
  const own = addressesOf(topology, place);
  return {
    name: namespaceOf(run, place),
    place,
    settings: { ...EVERY_MACHINE, ...(place.kind === "node" && FORWARDS) },
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
