/** How packets from one place to another are led through a relay. Pure. */
import { AF_INET, AF_INET6, type RouteSpec, type RuleSpec, Table } from "@carrick/agent/net";
import { FaultError, type Line, placesBetween } from "../fault/fault.ts";
import { type Place, routerLink } from "../plan/place.ts";
import { addressesOf, destinationsOf } from "../plan/addresses.ts";
import type { Topology } from "../topology/topology.ts";

export interface Delay extends Line {
  readonly delayMs: number;
}

/** A line around the earth and back takes less. */
const MAX_DELAY_MS = 10_000;
export const MAX_DELAYS = 99;
/** Before the rules about the client. */
const PRIORITY = 50;

export interface DelayPlan {
  readonly link: string;
  readonly table: number;
  /** To the places behind it; `link` is left out, it is the relay's. */
  readonly routes: readonly RouteSpec[];
  readonly rules: readonly RuleSpec[];
}

/** `slow3` for the third relay of a run. */
export function slowLink(index: number): string {
  return `slow${index}`;
}

/** Each relay has a table of its own. */
export function slowTable(index: number): number {
  return 1000 + index;
}

/** Throws `FaultError`, `PlaceError`. */
export function planDelay(topology: Topology, delay: Delay, index: number): DelayPlan {
  if (!(delay.delayMs >= 1 && delay.delayMs <= MAX_DELAY_MS)) {
    throw new FaultError(`a delay of ${delay.delayMs} ms cannot be; give 1 to ${MAX_DELAY_MS} ms`);
  }
  const { from, to } = withoutStrangers(placesBetween(topology, delay));
  if (from.length === 0 || to.length === 0)
    throw new FaultError(`from ${delay.from} to ${delay.to}: nothing may pass there`);
  const table = slowTable(index);
  const families = [AF_INET, AF_INET6] as const;
  return {
    link: slowLink(index),
    table,
    routes: destinationsOf(topology, to).map((destination) => ({ destination, table })),
    rules: families.flatMap((family) => [
      ...from.map((place): RuleSpec => ({ family, priority: PRIORITY, inLink: routerLink(topology, place), table })),
      ...to.filter(({ kind }) => kind === "client").map((): RuleSpec => toClient(topology, family, slowLink(index))),
    ]),
  };
}

/** The client speaks with the edge only: a delay must not open a way between it and others. */
function withoutStrangers({ from, to }: { from: readonly Place[]; to: readonly Place[] }): {
  from: Place[];
  to: Place[];
} {
  const only = (places: readonly Place[]): boolean => places.every(({ kind }) => kind === "edge");
  return {
    from: from.filter(({ kind }) => kind !== "client" || only(to)),
    to: to.filter(({ kind }) => kind !== "client" || only(from)),
  };
}

/** What comes out of the relay is let through to the client, as what comes from the edge is. */
function toClient(topology: Topology, family: 2 | 10, inLink: string): RuleSpec {
  const { ipv4, ipv6 } = addressesOf(topology, { kind: "client" });
  const to = family === AF_INET ? `${ipv4}/32` : `${ipv6}/128`;
  return { family, priority: PRIORITY + 1, inLink, to, table: Table.main };
}

/** What `status` shows, and the alias of the relay's link: `london/n1 > paris 40 ms`. */
export function describeDelay({ from, to, delayMs }: Delay): string {
  return `${from} > ${to} ${delayMs} ms`;
}
