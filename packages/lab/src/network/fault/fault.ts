/** What is wrong with the network on purpose: packets from some links to others are lost. Pure. */
import { type Place, PlaceError, placeName, placesOf } from "../plan/place.ts";
import type { Topology } from "../topology/topology.ts";

/** From one place to another, one way. A place is `london`, `london/n1`, `london/cp`, `edge`, `client` or `*`. */
export interface Line {
  readonly from: string;
  readonly to: string;
}

/** Packets that a line loses on purpose. */
export interface Fault extends Line {
  /** Of a hundred packets; 100 is a cut. */
  readonly loss: number;
}

/** A fault makes no sense. */
export class FaultError extends Error {
  override readonly name = "FaultError";
}

export const EVERYWHERE = "*";

/** Both ways between a place and all others. */
export function around(place: string): Line[] {
  return [
    { from: place, to: EVERYWHERE },
    { from: EVERYWHERE, to: place },
  ];
}

/** Nothing comes through. */
export function cut(lines: readonly Line[]): Fault[] {
  return lines.map((line) => ({ ...line, loss: 100 }));
}

export interface Between {
  readonly from: readonly Place[];
  readonly to: readonly Place[];
}

/**
 * The machines on both sides of a line; `*` is everything but the other side. What is inside a place reaches itself: a
 * cluster that is cut off still works inside. Throws `FaultError`, `PlaceError`.
 */
export function placesBetween(topology: Topology, line: Line): Between {
  const [inside, outside] = [placesCalled(topology, line.from), placesCalled(topology, line.to)];
  const without = (places: Place[], others: Place[]): Place[] => {
    const names = new Set(others.map(placeName));
    return places.filter((place) => !names.has(placeName(place)));
  };
  const between = {
    from: line.from === EVERYWHERE ? without(inside, outside) : inside,
    to: line.to === EVERYWHERE ? without(outside, inside) : outside,
  };
  if (between.from.length > 0 && between.to.length > 0) return between;
  throw new FaultError(`from ${line.from} to ${line.to}: there is nothing between them; name two places of the lab`);
}

/** Throws `PlaceError`. */
export function checkPlace(topology: Topology, name: string): void {
  placesCalled(topology, name);
}

function placesCalled(topology: Topology, name: string): Place[] {
  const places = placesOf(topology);
  const found = places.filter((place) => name === EVERYWHERE || placeName(place) === name || clusterOf(place) === name);
  if (found.length > 0) return found;
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
