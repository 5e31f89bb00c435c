/** Unknown is not absent: what happens to Envoys while a cluster, or all controllers, are away. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterSelf } from "@carrick/lab";
import { readConfiguration, readEndpoints } from "../../packages/lab/src/demo/edge/edge-configuration.ts";
import { sendMany, startLoad, tally } from "../../packages/lab/src/load/index.ts";
import { type Bed, openBed } from "./bed.ts";

/** Two clusters that serve a host together, and each one of its own. */
async function opened(cache: boolean): Promise<Bed> {
  const bed = await openBed({ clusters: ["london", "paris"], cache });
  for (const [name, cluster] of Object.entries(bed.clusters)) {
    cluster.publish("both", "both.example");
    cluster.publish(name, `${name}.example`);
  }
  for (const name of Object.keys(bed.clusters)) await served(bed, `${name}.example`);
  await answeredBy(bed, ["london", "paris"]);
  return bed;
}

async function served(bed: Bed, host: string): Promise<void> {
  await bed.until(`${host} is served`, async () => (await bed.get(host)).status === 200);
}

async function answeredBy(bed: Bed, clusters: readonly string[]): Promise<void> {
  await bed.until(`both.example is answered by ${clusters.join(", ")}`, async () => {
    const { clusters: found, failed } = tally(await sendMany([bed.target("both.example")], 40));
    return failed === 0 && [...found.keys()].sort().join() === clusters.join();
  });
}

async function endpointsOf(bed: Bed): Promise<unknown> {
  const { body } = await bed.envoy.admin("/clusters?format=json");
  const clusters = readEndpoints(JSON.parse(body));
  return [...clusters].filter(([name]) => name.startsWith("shop/"));
}

async function restart(bed: Bed): Promise<void> {
  await bed.replica.process.kill();
  await bed.replica.process.again();
  await bed.until("Envoy is connected again", async () =>
    (await bed.replica.status()).fleets.some(({ envoys }) => envoys.length === 1),
  );
}

test("restarted while a cluster is away, without a copy: an Envoy keeps all that it holds, a new one gets what is known", async () => {
  await using bed = await opened(false);
  const [held, endpoints] = [readConfiguration(await bed.envoy.configDump()), await endpointsOf(bed)];
  await bed.clusters["paris"]!.api.close();
  await restart(bed);
  // What is known of london alone arrives, which shows that the stream has been told all that may be told.
  bed.clusters["london"]!.publish("london", "london.example", {
    addresses: [...bed.clusters["london"]!.pods, "127.21.9.9"],
  });
  await bed.until("a change of london's endpoints arrives", async () =>
    JSON.stringify(await endpointsOf(bed)).includes("127.21.9.9"),
  );
  const now = readConfiguration(await bed.envoy.configDump());
  for (const [name, version] of held) assert.equal(now.get(name), version, name);
  assert.equal(await bed.replica.metric("carrick_xds_removals_sent_total"), 0);
  await answeredBy(bed, ["london", "paris"]);
  await served(bed, "paris.example");
  assert.match((await bed.replica.readyz()).text, /not seen yet: paris\/Ingress: /);
  assert.ok(JSON.stringify(endpoints).includes("127.22.0.1"));

  await bed.envoyProcess.kill();
  await bed.envoyProcess.again();
  await served(bed, "london.example");
  await answeredBy(bed, ["london"]);
  assert.equal((await bed.get("paris.example")).status, 404);
});

test("restarted while a cluster is away, with a copy: nothing is missing, and the others go on", async () => {
  await using bed = await opened(true);
  // The copy is written when the process ends in order; a kill finds the one that was made before.
  await bed.replica.process.stop();
  await bed.clusters["paris"]!.api.close();
  await bed.replica.process.again();
  await bed.until("paris is known from its copy", async () =>
    (await bed.replica.status()).clusters.some(
      ({ name, state, kinds }) => name === "paris" && state === "stale" && kinds.some(({ fromCache }) => fromCache),
    ),
  );
  bed.clusters["london"]!.publish("later", "later.example");
  await served(bed, "later.example");
  await answeredBy(bed, ["london", "paris"]);
  await bed.envoyProcess.kill();
  await bed.envoyProcess.again();
  await served(bed, "paris.example");
  await answeredBy(bed, ["london", "paris"]);
});

test("an API server that lost its history and some objects: only the difference is applied", async () => {
  await using bed = await opened(false);
  const { api } = bed.clusters["paris"]!;
  const fault = api.faults.add({ effect: { kind: "status", code: 503 } });
  api.breakConnections("reset");
  api.objects.delete({ apiVersion: "networking.k8s.io/v1", kind: "Ingress", name: "paris", namespace: "shop" });
  api.compact();
  const before = await bed.replica.metric("carrick_xds_resources_sent_total");
  fault.remove();
  await bed.until("what was deleted meanwhile is gone", async () => (await bed.get("paris.example")).status === 404);
  // The one route table; nothing else has changed.
  assert.equal((await bed.replica.metric("carrick_xds_resources_sent_total")) - before, 1);
  await answeredBy(bed, ["london", "paris"]);
});

test("all controllers gone: Envoy serves on, and nothing is sent twice when they return", async () => {
  await using bed = await opened(true);
  const load = startLoad({ targets: [bed.target("both.example"), bed.target("paris.example")], rate: 200 });
  await load.more(40);
  await bed.replica.process.kill();
  await load.more(100);
  await bed.replica.process.again();
  bed.clusters["london"]!.publish("after", "after.example");
  await served(bed, "after.example");
  assert.equal(tally(await load.stop()).failed, 0);
  assert.equal(await bed.replica.metric("carrick_xds_resources_sent_total"), 3);
});

test("a cluster that is drained gets nothing new and fails nothing; of drained clusters only, all serve", async () => {
  await using bed = await opened(false);
  const { london, paris } = bed.clusters;
  const load = startLoad({ targets: [bed.target("both.example")], rate: 200 });
  paris!.apply(clusterSelf({ drain: true }));
  await answeredBy(bed, ["london"]);
  london!.apply(clusterSelf({ drain: true }));
  await answeredBy(bed, ["london", "paris"]);
  paris!.apply(clusterSelf({ drain: false }));
  await answeredBy(bed, ["paris"]);
  assert.equal(tally(await load.stop()).failed, 0);
});

test("a Secret that cannot be looked up holds back the TLS listener alone, and its Ingress says so", async () => {
  await using bed = await openBed({ clusters: ["london", "paris"], https: true });
  const { london, paris } = bed.clusters;
  london!.publish("plain", "plain.example");
  await served(bed, "plain.example");
  const fault = paris!.api.faults.add({ effect: { kind: "status", code: 500 }, path: /\/secrets\b/ });
  paris!.publish("late", "late.example", { tls: [{ hosts: ["late.example"], secretName: "late" }] });
  await restart(bed);
  london!.publish("more", "more.example");
  await served(bed, "more.example");
  london!.remove("Ingress", "plain");
  await bed.until("what is deleted goes", async () => (await bed.get("plain.example")).status === 404);
  assert.equal((await bed.get("late.example")).status, 301);
  const { problems, fleets } = await bed.replica.status();
  assert.deepEqual(
    problems.map(({ object, problem }) => `${object.cluster} ${object.kind} ${object.name} ${problem.code}`),
    ["paris Ingress late UnseenSecret", "paris Secret late UnseenSecret"],
  );
  assert.match(fleets[0]!.held?.join() ?? "", /keep the TLS listener/);
  fault.remove();
  await bed.until("its Secret is found to be missing", async () =>
    (await bed.replica.status()).problems.some(({ problem }) => problem.code === "UnknownSecret"),
  );
  await served(bed, "late.example");
});
