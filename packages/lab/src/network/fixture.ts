/** A lab of a test. */
import { randomBytes } from "node:crypto";
import type { TestContext } from "node:test";
import { processPlace, takeDown } from "./apply/network.ts";
import { Machine } from "./echo-machine.ts";
import { type Place, placeName } from "./plan/place.ts";

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
