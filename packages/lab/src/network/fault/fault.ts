/** What is wrong with the network on purpose: packets from some links to others are lost. Pure. */
import { type Place, PlaceError, placeName, placesOf, routerLink } from "../plan/place.ts";
import type { Topology } from "../topology/topology.ts";

/** From one place to another, one way. A place is `london`, `london/n1`, `london/cp`, `edge`, `client` or `*`. */
export interface Fault {
  readonly from: string;
  readonly to: string;
  /** Of a hundred packets; 100 is a cut. */
  readonly loss: number;
}

/** A fault makes no sense. */
export class FaultError extends Error {
  override readonly name = "FaultError";
}

export const EVERYWHERE = "*";

export interface FaultLinks {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** `loss` packets of a hundred are lost between the place and all others, both ways. */
export function around(place: string, loss: number): Fault[] {
  return [
    { from: place, to: EVERYWHERE, loss },
    { from: EVERYWHERE, to: place, loss },
  ];
}

/**
 * The router's links that a fault is about; `*` is everything but the other side. What is inside a place reaches itself:
 * a cluster that is cut off still works inside. Throws `FaultError`, `PlaceError`.
 */
export function linksOf(topology: Topology, { from, to, loss }: Fault): FaultLinks {
  if (!Number.isInteger(loss) || loss < 1 || loss > 100) {
    throw new FaultError(`a loss of ${loss} percent cannot be; give a whole number from 1 to 100`);
  }
  const [inside, outside] = [linksOfPlace(topology, from), linksOfPlace(topology, to)];
  const links = {
    from: from === EVERYWHERE ? inside.filter((link) => !outside.includes(link)) : inside,
    to: to === EVERYWHERE ? outside.filter((link) => !inside.includes(link)) : outside,
  };
  if (links.from.length > 0 && links.to.length > 0) return links;
  throw new FaultError(`from ${from} to ${to}: there is nothing between them; name two places of the lab`);
}

function linksOfPlace(topology: Topology, name: string): string[] {
  const places = placesOf(topology);
  const found = places.filter((place) => name === EVERYWHERE || placeName(place) === name || clusterOf(place) === name);
  if (found.length > 0) return found.map((place) => routerLink(topology, place));
  throw new PlaceError(name, [...topology.clusters.map((cluster) => cluster.name), ...places.map(placeName)]);
}

function clusterOf(place: Place): string | undefined {
  return "cluster" in place ? place.cluster : undefined;
}

/** The later of two faults from one place to another replaces the first. */
export function withFaults(present: readonly Fault[], more: readonly Fault[]): Fault[] {
  const all = new Map([...present, ...more].map((fault) => [`${fault.from} ${fault.to}`, fault]));
  return [...all.values()];
}

/** Without those that begin or end at a place; without all, when no place is given. */
export function withoutFaults(present: readonly Fault[], place?: string): Fault[] {
  return place === undefined ? [] : present.filter(({ from, to }) => from !== place && to !== place);
}
