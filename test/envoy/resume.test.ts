/** A real Envoy that loses its server and finds another: what it holds is not sent again, and traffic goes on. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CLUSTER, ENDPOINTS, LISTENER, ROUTES } from "@carrick/xds";
import { cluster, endpoints, listener, type Named, type Place, routes } from "./resources.ts";
import { type Scene, type Served, Stage } from "./scene.ts";

const stage = await Stage.open(after);
const LIMIT = { timeout: 60_000 };
const HOST = "shop.test";
const TYPES = [CLUSTER, ENDPOINTS, LISTENER, ROUTES];

function worldAt(place: Place, clusters: number): Named[] {
  const names = Array.from({ length: clusters }, (_, i) => `c${i}`);
  return [
    ...names.map((name) => cluster(name)),
    ...names.map((name) => endpoints(name, [stage.podA])),
    routes("r1", { [HOST]: "c0" }),
    listener("l1", place, "r1"),
  ];
}

/** Asks all the time until `done`, and gives the statuses that were seen. */
async function askUntil(scene: Scene, place: Place, what: string, done: () => boolean): Promise<Set<number>> {
  const statuses = new Set<number>();
  await scene.until(what, async () => {
    statuses.add((await scene.get(place, HOST)).status);
    return done();
  });
  return statuses;
}

function bytesOf({ server }: Served): number {
  return server.streams().reduce((sum, { bytesSent }) => sum + bytesSent, 0);
}

test("a server is killed, another takes its place: nothing unchanged is sent again", LIMIT, async (t) => {
  const place = await stage.place();
  const world = worldAt(place, 3);
  const scene = await stage.scene(t, { name: "killed", world });
  await scene.until("the first answer", async () => (await scene.get(place, HOST)).status === 200);
  await scene.until("a settled stream", () => scene.served.settled(TYPES));

  const changed = endpoints("c0", [stage.podB]);
  const second = await scene.replaceServer(
    world.map((each) => (each.resource.name === "c0" && each.type === ENDPOINTS ? changed : each)),
  );
  const statuses = await askUntil(scene, place, "a settled stream", () => second.settled(TYPES));
  assert.deepEqual(statuses, new Set([200]));
  assert.deepEqual(second.sent(), ["c0"]);
  assert.equal((await scene.get(place, HOST)).pod, "b");

  const third = await scene.replaceServer([
    ...worldAt(place, 3).filter(({ type, resource }) => type !== ENDPOINTS || resource.name !== "c0"),
    changed,
  ]);
  await scene.until("a settled stream", () => third.settled(TYPES));
  assert.deepEqual(third.sent(), []);
});

test("2,000 clusters resume for a handful of bytes", { timeout: 90_000 }, async (t) => {
  const place = await stage.place();
  const world = worldAt(place, 2000);
  const scene = await stage.scene(t, { name: "many", world });
  await scene.until("the first answer", async () => (await scene.get(place, HOST)).status === 200);
  await scene.until("a settled stream", () => scene.served.settled(TYPES));
  const first = bytesOf(scene.served);
  const second = await scene.replaceServer(world);
  await scene.until("a settled stream", () => second.settled(TYPES));
  const held = second.server.streams().flatMap(({ types }) => types.map(({ held }) => held));
  t.diagnostic(`first connect ${first} bytes, resumed ${bytesOf(second)} bytes`);
  assert.equal(
    held.reduce((sum, count) => sum + count, 0),
    4002,
  );
  assert.deepEqual(second.sent(), []);
  assert.ok(bytesOf(second) < 500, `${bytesOf(second)} bytes`);
  assert.equal((await scene.get(place, HOST)).status, 200);
});

test("a connection that reached its age is opened again without a word and without an error", LIMIT, async (t) => {
  const place = await stage.place();
  const limits = { age: { minMs: 1500, maxMs: 1500 } };
  const scene = await stage.scene(t, { name: "aged", world: worldAt(place, 3), limits });
  await scene.until("the first answer", async () => (await scene.get(place, HOST)).status === 200);
  await scene.until("a settled stream", () => scene.served.settled(TYPES));
  const { events } = scene.served;
  const closed = () => events.filter((event) => event.kind === "closed");
  const opened = () => events.filter((event) => event.kind === "opened").length;
  const before = scene.served.sent().length;
  const statuses = await askUntil(scene, place, "a third stream that is settled", () => {
    return opened() >= 3 && scene.served.settled(TYPES);
  });
  assert.deepEqual(statuses, new Set([200]));
  assert.deepEqual(new Set(closed().map(({ reason }) => reason)), new Set(["age"]));
  assert.equal(scene.served.sent().length, before);
});
