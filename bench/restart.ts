/** A controller restarts while an Envoy is connected: what is sent to it again. */
import { Changes } from "./measure/changes.ts";
import { type Context, describe, inWorld, size, worldsOf } from "./measure/run.ts";
import type { Figure } from "./report/row.ts";
import { hostName, KNOWN_SERVICE, type Shape } from "./world/objects.ts";
import { Sampler } from "./world/sampler.ts";
import type { World } from "./world/world.ts";

const WORLDS = [
  { hosts: 1000, clusters: 2, smoke: true },
  { hosts: 5000, clusters: 20 },
];

interface Measured {
  readonly unchanged: number;
  readonly bytes: number;
  readonly reconnectMs: number;
}

export async function restart(context: Context): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { hosts, clusters } of worldsOf(context.effort, WORLDS)) {
    const shape: Shape = { clusters, hosts: size(context.effort, hosts), wildcards: 0, services: "own", https: true };
    const all = await inWorld(context, shape, (world) => measureRestarts(context, world));
    const of = (figure: (measured: Measured) => number): number[] => all.map(figure);
    const where = describe(shape);
    figures.push(
      { what: `unchanged resources sent: ${where}`, unit: "", goal: 0, runs: of(({ unchanged }) => unchanged) },
      { what: `bytes sent: ${where}`, unit: "bytes", runs: of(({ bytes }) => bytes) },
      { what: `from serving until Envoy is in step: ${where}`, unit: "ms", runs: of(({ reconnectMs }) => reconnectMs) },
    );
  }
  return figures;
}

async function measureRestarts(context: Context, world: World): Promise<Measured[]> {
  let controller = await world.startController();
  await world.startEnvoy(controller);
  const all: Measured[] = [];
  for (let number = 1; number <= context.effort.runs; number++) {
    context.progress(`restart ${number} of ${context.effort.runs}`);
    await controller.stop();
    controller = await world.startController();
    const served = performance.now();
    await controller.settled();
    const reconnectMs = performance.now() - served;
    const before = await controller.sent();
    // A resume that sends nothing leaves no trace. Types are resumed in order, and a change of a route comes after all.
    const sampler = await Sampler.connect(world.https, hostName(KNOWN_SERVICE));
    const changes = new Changes(world, sampler, `restart-${number}`);
    const [change] = changes.hosts(1);
    const seen = change!.seen();
    await Promise.all([change!.write(), seen]);
    const after = await controller.sent();
    sampler.close();
    // The new host stands in one table of each listener.
    const changed = 2;
    const total = [...after.resources.values()].reduce((sum, value) => sum + value, 0) + after.removals;
    all.push({ unchanged: total - changed, bytes: before.bytes, reconnectMs });
    await changes.undo();
    await controller.restored();
  }
  return all;
}
