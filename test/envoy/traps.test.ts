/** What Envoy really does, and the rules that handle it; each by its number in the list of what was measured. */
import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { after, test, type TestContext } from "node:test";
import { ALL_RULES, CLUSTER, ENDPOINTS, LISTENER, ROUTES, type Rules } from "@carrick/xds";
import {
  answeringListener,
  brokenStaticCluster,
  cluster,
  endpoints,
  listener,
  type Named,
  type Place,
  routes,
} from "./resources.ts";
import { type Reply, type Scene, Stage } from "./scene.ts";
import { LIMIT, trap } from "./trap.ts";

const stage = await Stage.open(after);
const HOST = "shop.test";
const TYPES = [CLUSTER, ENDPOINTS, LISTENER, ROUTES];

interface Setting {
  readonly scene: Scene;
  /** Where its one listener listens. */
  readonly place: Place;
  readonly get: (host?: string) => Promise<Reply>;
}

/** One host, one cluster, one pod; `more` stands beside it from the start. */
function worldAt(place: Place, more: readonly Named[] = []): Named[] {
  return [
    cluster("c1"),
    endpoints("c1", [stage.podA]),
    routes("r1", { [HOST]: "c1" }),
    listener("l1", place, "r1"),
    ...more,
  ];
}

let scenes = 0;

async function set(t: TestContext, rules: Rules, more: readonly Named[] = []): Promise<Setting> {
  const place = await stage.place();
  const scene = await stage.scene(t, { name: `e${++scenes}`, world: worldAt(place, more), rules });
  return { scene, place, get: (host = HOST) => scene.get(place, host) };
}

/** Serving, with nothing left to say. */
async function settledSet(t: TestContext, rules: Rules, more: readonly Named[] = []): Promise<Setting> {
  const setting = await set(t, rules, more);
  const { scene, get } = setting;
  await scene.until("the first answer", async () => (await get()).status === 200);
  await scene.until("a settled stream", () => scene.served.settled(TYPES));
  return setting;
}

trap(
  "resendEndpointsOfModifiedClusters",
  "1: a modified cluster warms until its endpoints come again",
  async (rules, on, t) => {
    const { scene, get } = await settledSet(t, rules);
    const before = scene.served.acked(CLUSTER);
    scene.change([cluster("c1", { connectTimeoutMs: 2000 })]);
    await scene.until("the cluster's acknowledgement", () => scene.served.acked(CLUSTER) > before);
    assert.equal(await scene.stat("cluster.c1.init_fetch_timeout"), on ? 0 : 1);
    assert.equal((await get()).status, 200);
  },
);

trap("endpointsDoNotWaitForClusterAck", "2: clusters are not acknowledged while one warms", async (rules, on, t) => {
  const { scene, get } = await settledSet(t, rules);
  const more = routes("r1", { [HOST]: "c1", "two.test": "c2" });
  scene.change([cluster("c2"), endpoints("c2", [stage.podB]), more]);
  await scene.until("the new one serves", async () => (await get("two.test")).pod === "b");
  assert.equal(await scene.stat("cluster.c2.init_fetch_timeout"), on ? 0 : 1);
});

trap("takeBackWhenNackIsSwallowed", "3: a refused cluster beside a new one silences Envoy", async (rules, on, t) => {
  const { scene, get } = await settledSet(t, rules);
  scene.change([
    brokenStaticCluster("bad"),
    cluster("c2"),
    endpoints("c2", [stage.podB]),
    routes("r1", { [HOST]: "c1", "two.test": "c2" }),
  ]);
  await scene.until("the good one serves", async () => (await get("two.test")).pod === "b");
  if (on) {
    await scene.until("the refusal is known", () => scene.served.rejected().includes("bad"));
    await scene.until("a settled stream", () => scene.served.settled(TYPES));
    assert.deepEqual(scene.served.rejected(), ["bad"]);
    assert.equal(await scene.stat("cluster_manager.warming_clusters"), 0);
    assert.equal((await get("two.test")).pod, "b");
  } else {
    await scene.stays("no answer, and a cluster that is said to warm", 5000, async () => {
      const warming = await scene.stat("cluster_manager.warming_clusters");
      return warming === 1 && scene.served.unanswered(CLUSTER) === 1 && scene.served.rejected().length === 0;
    });
  }
});

trap("replaceClustersAlone", "3: so does a refused version of a loaded cluster", async (rules, on, t) => {
  const { scene, get } = await settledSet(t, rules);
  scene.change([
    cluster("c1", { broken: true }),
    cluster("c2"),
    endpoints("c2", [stage.podB]),
    routes("r1", { [HOST]: "c1", "two.test": "c2" }),
  ]);
  await scene.until("the good one serves", async () => (await get("two.test")).pod === "b");
  if (on) await scene.until("the refusal is known", () => scene.served.rejected().includes("c1"));
  else {
    await scene.stays("no answer", 5000, () => {
      return scene.served.unanswered(CLUSTER) === 1 && scene.served.rejected().length === 0;
    });
  }
  assert.equal((await get()).pod, "a");
});

for (const [what, refused] of [
  ["a new cluster", [brokenStaticCluster("bad")]],
  ["several new clusters", [brokenStaticCluster("bad"), brokenStaticCluster("worse")]],
  ["a new version of a loaded cluster", [cluster("c1", { broken: true })]],
] as const) {
  // The refused one stays among those that warm: from the next change on Envoy does not answer any more, and does not
  // even ask for clusters on its next stream.
  trap("freeOfRefusedClusters", `3: after the refusal of ${what} Envoy goes on`, async (rules, on, t) => {
    const { scene, get } = await settledSet(t, rules);
    scene.change(refused);
    await scene.until("the refusal is known", () => scene.served.nacked(CLUSTER) > 0);
    await scene.until("a settled stream", () => scene.served.settled(TYPES));
    scene.change([cluster("c2"), endpoints("c2", [stage.podB])]);
    await scene.until("Envoy has it", async () => (await scene.stat("cluster.c2.membership_total")) === 1);
    if (on) {
      await scene.until("a settled stream", () => scene.served.settled(TYPES));
      const names = refused.map(({ resource }) => resource.name);
      assert.deepEqual(scene.served.rejected(), names);
      assert.equal(await scene.stat("cluster_manager.warming_clusters"), 0);
    } else {
      await scene.stays("no answer", 1500, () => scene.served.unanswered(CLUSTER) === 1);
      assert.equal(await scene.stat("cluster_manager.warming_clusters"), refused.length);
    }
    assert.equal((await get()).pod, "a");
  });
}

test(
  "3: a version that nobody has any more cannot be sent again: the others wait for the next one",
  LIMIT,
  async (t) => {
    const { scene, place, get } = await settledSet(t, ALL_RULES);
    const [, ...rest] = worldAt(place);
    await scene.replaceServer([cluster("c1", { broken: true }), ...rest]);
    await scene.until("the refusal is known", () => scene.served.rejected().includes("c1"));
    await scene.until("a settled stream", () => scene.served.settled(TYPES));
    scene.change([cluster("c2"), endpoints("c2", [stage.podB])]);
    await scene.stays("no other cluster", 500, () => !scene.served.sent().includes("c2"));
    scene.change([cluster("c1", { connectTimeoutMs: 2000 })]);
    await scene.until("Envoy has it", async () => (await scene.stat("cluster.c2.membership_total")) === 1);
    await scene.until("a settled stream", () => scene.served.settled(TYPES));
    assert.deepEqual(scene.served.rejected(), []);
    assert.equal(await scene.stat("cluster_manager.warming_clusters"), 0);
    assert.equal((await get()).pod, "a");
  },
);

trap(
  "resendSiblingsAfterNack",
  "4: what was beside a refused listener lives, but is not reported",
  async (rules, on, t) => {
    const [fourth, fifth] = [await stage.place(), await stage.place()];
    const { scene, place, get } = await settledSet(t, rules, [listener("l5", fifth, "r1")]);
    const before = scene.served.acked(LISTENER);
    // Envoy refuses a second listener on the same address.
    scene.change([listener("l4", fourth, "r1"), listener("twice", place, "r1")]);
    await scene.until("the refusal is known", () => scene.served.rejected().includes("twice"));
    await scene.until("a settled stream", () => scene.served.settled(TYPES));
    await scene.until("the sibling serves", async () => (await scene.get(fourth, HOST)).status === 200);
    assert.equal(scene.served.acked(LISTENER) > before, on);

    // Another replica, in whose world l4 and l5 are gone; l5 was reported, so its end tells that removals were sent.
    await scene.replaceServer(worldAt(place));
    await scene.until("the reported one is gone", async () => (await scene.get(fifth, HOST)).status === 0);
    await scene.until("a settled stream", () => scene.served.settled(TYPES));
    assert.equal((await scene.get(fourth, HOST)).status, on ? 0 : 200);
    assert.equal((await get()).status, 200);
  },
);

trap("emptyAssignmentInsteadOfRemoval", "5: the removal of loaded endpoints is ignored", async (rules, on, t) => {
  const { scene, get } = await settledSet(t, rules);
  const before = scene.served.acked(ENDPOINTS);
  scene.change([], [[ENDPOINTS, "c1"]]);
  await scene.until("the acknowledgement", () => scene.served.acked(ENDPOINTS) > before);
  assert.equal((await get()).status, on ? 503 : 200);
  assert.equal(await scene.stat("cluster.c1.membership_total"), on ? 0 : 1);
});

trap("answerRoutesWithListeners", "6: a listener without its routes opens and answers 404", async (rules, on, t) => {
  const { scene, get } = await set(t, rules);
  let status = 0;
  await scene.until("the port is open", async () => (status = (await get()).status) !== 0);
  assert.equal(status, on ? 200 : 404);
});

for (const [what, drainTimeSeconds, old] of [
  ["is closed in the time given to Envoy", 1, false],
  // Envoy's own time is ten minutes; with a whole day none of the few requests here is taken as the occasion to close.
  ["lives on for that time", 86_400, true],
] as const) {
  test(`7: a connection on a listener that changed ${what}`, LIMIT, async (t) => {
    const place = await stage.place();
    const world = [cluster("c1"), endpoints("c1", []), answeringListener("l1", place, "one")];
    const scene = await stage.scene(t, { name: `e${++scenes}`, world, drainTimeSeconds });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    await scene.until("the first answer", async () => (await said(place, agent)) === "one");
    scene.change([answeringListener("l1", place, "two")]);
    await scene.until("new connections are served anew", async () => (await said(place)) === "two");
    const stale = async (): Promise<boolean> => (await said(place, agent)) === "one";
    if (old) await scene.stays("the kept one is served as before", 3000, stale, 500);
    else await scene.until("the kept one is served anew", async () => (await said(place, agent)) === "two");
  });
}

trap("routesWaitForClusters", "8: a route to a cluster that is not there yet answers 503", async (rules, on, t) => {
  const { scene, get } = await settledSet(t, rules);
  const statuses = new Set<number>();
  const ask = async (): Promise<number> => {
    const { status } = await get("two.test");
    statuses.add(status);
    return status;
  };
  await ask();
  // Its endpoints are not known yet.
  scene.change([cluster("c2"), routes("r1", { [HOST]: "c1", "two.test": "c2" })], [], false);
  if (on) {
    await scene.until("the cluster warms", async () => (await scene.stat("cluster_manager.warming_clusters")) === 1);
    await scene.stays("no route yet", 500, async () => (await ask()) === 404);
    scene.change([endpoints("c2", [stage.podB])]);
    await scene.until("it serves", async () => (await ask()) === 200);
    assert.deepEqual(statuses, new Set([404, 200]));
  } else {
    await scene.until("a route to nothing", async () => (await ask()) === 503);
  }
});

trap("removalsWaitForRoutes", "8: a routed cluster that is removed answers 503 at once", async (rules, on, t) => {
  const { scene, get } = await settledSet(t, rules, [cluster("c2"), endpoints("c2", [stage.podB])]);
  const statuses = new Set<number>();
  const ask = async (): Promise<Reply> => {
    const reply = await get();
    statuses.add(reply.status);
    return reply;
  };
  // Envoy refuses the new routes and keeps the old ones, which name the cluster that goes.
  scene.change(
    [routes("r1", { [HOST]: "c2" }, true)],
    [
      [CLUSTER, "c1"],
      [ENDPOINTS, "c1"],
    ],
  );
  if (on) {
    await scene.until("the refusal is known", () => scene.served.rejected().includes("r1"));
    await scene.stays("it serves as before", 1000, async () => (await ask()).pod === "a");
    assert.equal(await scene.stat("cluster_manager.cluster_removed"), 0);
    scene.change([routes("r1", { [HOST]: "c2" })]);
    await scene.until("the new routes serve", async () => (await ask()).pod === "b");
    await scene.until("the cluster is gone", async () => (await scene.stat("cluster_manager.cluster_removed")) === 1);
    await ask();
    assert.deepEqual(statuses, new Set([200]));
  } else {
    await scene.until("the route leads to nothing", async () => (await ask()).status === 503);
  }
});

/** The header that `answeringListener` gives. */
function said({ address, port }: Place, agent?: Agent): Promise<string | undefined> {
  return new Promise((resolve) => {
    const call = request({ host: address, port, agent: agent ?? false, headers: { host: HOST } }, (response) => {
      response.resume();
      response.on("end", () => resolve(String(response.headers["said"])));
    });
    call.on("error", () => resolve(undefined));
    call.end();
  });
}
