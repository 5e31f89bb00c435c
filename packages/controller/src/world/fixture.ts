import { createHash } from "node:crypto";
import assert from "node:assert/strict";
import { ingestRules } from "../sources/ingest-rules.ts";
import { createWriters } from "../sources/writers.ts";
import { World } from "./world.ts";

/** A world for tests that is open, with one fleet that serves plain HTTP. */
export function testWorld(): World {
  const world = new World({
    fleets: [
      {
        name: "public",
        classes: ["carrick"],
        controllerName: "carrick.dev/edge",
        http: { address: "127.0.0.1", port: 10080 },
        httpsRedirect: true,
        drainMs: 60_000,
      },
    ],
    hash: (bytes) => createHash("sha256").update(bytes).digest("hex"),
    onDefect: (error) => assert.fail(`a defect: ${String(error)}`),
    soon: setImmediate,
  });
  void world.open();
  return world;
}

export const testRules = ingestRules({ endpoints: { allowLoopback: true } });

export { createWriters };

/** Resolves after the first commit after which `condition` holds; rejects after ten seconds. */
export function when(world: World, condition: () => boolean): Promise<void> {
  if (condition()) return Promise.resolve();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`not so within 10 s: ${condition.toString()}`)), 10_000);
  world.observe(() => {
    if (!condition()) return;
    clearTimeout(timer);
    resolve();
  });
  return promise;
}
