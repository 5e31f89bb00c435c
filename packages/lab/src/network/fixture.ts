/** A lab of a test. */
import { randomBytes } from "node:crypto";
import type { TestContext } from "node:test";
import { bringUp, processPlace, takeDown } from "./apply/network.ts";
import { Machine } from "./echo-machine.ts";
import { addressesOf } from "./plan/addresses.ts";
import { type Place, placeName, placesOf } from "./plan/place.ts";
import { defaultTopology } from "./topology/load.ts";
import type { Ranges } from "./topology/topology.ts";

export const topology = defaultTopology();
export const places = placesOf(topology);

/** A run of its own, taken down when the test ends, however it ends. */
export function testRun(t: TestContext): string {
  const run = `t${randomBytes(4).toString("hex")}`;
  t.after(() => takeDown(run));
  return run;
}

export async function startMachines(t: TestContext, run: string, places: readonly Place[]): Promise<Machine[]> {
  const machines = await Promise.all(places.map((place) => Machine.start(placeName(place), processPlace(run, place))));
  t.after(() => Promise.all(machines.map((machine) => machine[Symbol.asyncDispose]())));
  return machines;
}

export interface Lab {
  readonly run: string;
  readonly machine: (name: string) => Machine;
}

/** Two clusters of two nodes, up, with a machine everywhere. */
export async function lab(t: TestContext): Promise<Lab> {
  const run = testRun(t);
  const began = performance.now();
  await bringUp(topology, run);
  t.diagnostic(`up of 2 x 2 nodes: ${(performance.now() - began).toFixed(0)} ms`);
  const machines = await startMachines(t, run, places);
  return { run, machine: (name) => machines.find((machine) => machine.name === name)! };
}

export function address(name: string): Ranges {
  return addressesOf(
    topology,
    places.find((place) => placeName(place) === name)!,
  );
}

/** For what is expected not to come. */
export const GONE = { wait: 300 };

export function answered(answers: readonly string[]): boolean {
  return answers.length > 0;
}
