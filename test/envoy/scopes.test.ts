/** Listeners that find their route tables by scopes: all of them share one subscription of scopes. */
import assert from "node:assert/strict";
import { after } from "node:test";
import { CLUSTER, ENDPOINTS, LISTENER, ROUTES, SCOPED_ROUTES } from "@carrick/xds";
import { type Connections, exchange, keepConnections } from "../../packages/lab/src/load/index.ts";
import { cluster, endpoints, listener, type Named, type Place, routes, scope, scopedListener } from "./resources.ts";
import { type Scene, Stage } from "./scene.ts";
import { trap } from "./trap.ts";

const stage = await Stage.open(after);
const TYPES = [CLUSTER, ENDPOINTS, LISTENER, SCOPED_ROUTES, ROUTES];
const TABLES = 64;
/** Hosts of a table that nobody asks for. */
const IDLE_HOSTS = 60;
/** Each table takes a response, so that Envoy is seen without some for a while. Tables of a real size take several. */
const RESPONSE_BYTES = 4 * 1024;

const clusters = [cluster("c1"), endpoints("c1", [stage.podA]), cluster("c2"), endpoints("c2", [stage.podB])] as const;

/** Scopes and tables of which each has one host. */
function generation(prefix: string, to: string): Named[] {
  return Array.from({ length: TABLES }, (_, i) => {
    const host = hostOf(i);
    const idle = Array.from({ length: IDLE_HOSTS }, (_, j) => [`idle-${i}-${j}.test`, to] as const);
    return [scope(prefix + host), routes(prefix + host, { [host]: to, ...Object.fromEntries(idle) })];
  }).flat();
}

function hostOf(i: number): string {
  return `h${i % TABLES}.test`;
}

/** Sends requests for all hosts, one after the other, until `done`. Gives the statuses that were seen. */
async function load(place: Place, done: () => boolean, connections?: Connections): Promise<Set<number>> {
  const statuses = new Set<number>();
  for (let i = 0; !done(); i++) {
    const { status } = await exchange({ name: "load", ...place, host: hostOf(i), path: "/" }, 2000, connections);
    statuses.add(status);
  }
  return statuses;
}

async function started(scene: Scene, place: Place): Promise<void> {
  await scene.until("the first answer", async () => (await scene.get(place, hostOf(0))).status === 200);
  await scene.until("a settled stream", () => scene.served.settled(TYPES));
}

trap("listenersWaitForScopedRoutes", "a listener that points at new scopes serves at once", async (rules, on, t) => {
  const place = await stage.place();
  const world = [...clusters, ...generation("g1/", "c1"), scopedListener("l1", place, "g1/")];
  const scene = await stage.scene(t, { name: `switched-${on}`, world, rules, responseBytes: RESPONSE_BYTES });
  await started(scene, place);
  let over = false;
  const connections = keepConnections(2);
  t.after(() => {
    over = true;
    connections.close();
  });
  const done = (): boolean => over;
  const runs = [load(place, done), load(place, done), load(place, done, connections), load(place, done, connections)];
  scene.change([...generation("g2/", "c2"), scopedListener("l1", place, "g2/")]);
  await scene.until("new connections are served anew", async () => (await scene.get(place, hostOf(0))).pod === "b");
  await scene.until("a settled stream", () => scene.served.settled(TYPES));
  over = true;
  const statuses = new Set((await Promise.all(runs)).flatMap((seen) => [...seen]));
  assert.deepEqual(statuses, new Set(on ? [200] : [200, 404]));
});

trap("resendUnusedScopes", "scopes are given up in silence when no listener uses them", async (rules, on, t) => {
  const place = await stage.place();
  const scoped = scopedListener("l1", place, "g/");
  const world = [...clusters, ...generation("g/", "c1"), routes("plain", { [hostOf(0)]: "c2" }), scoped];
  const scene = await stage.scene(t, { name: `unused-${on}`, world, rules, drainTimeSeconds: 1 });
  await started(scene, place);
  const tables = (): number | undefined => {
    const types = scene.served.server.streams().flatMap((stream) => stream.types);
    return types.find(({ type }) => type === ROUTES)?.held;
  };
  assert.equal(tables(), TABLES);
  scene.change([listener("l1", place, "plain")]);
  await scene.until("the plain one serves", async () => (await scene.get(place, hostOf(0))).pod === "b");
  await scene.until("the old one has drained, with its tables", () => tables() === 1);
  scene.change([scoped]);
  let { status, pod } = await scene.get(place, hostOf(0));
  await scene.until("it serves by scopes", async () => {
    if (pod === "b") ({ status, pod } = await scene.get(place, hostOf(0)));
    return pod !== "b";
  });
  assert.deepEqual([status, pod], on ? [200, "a"] : [404, ""]);
});
