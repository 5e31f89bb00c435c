/** Controllers of two clusters as peers, on real streams, and what a node of one of them learns. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { clusterSelf } from "@carrick/lab";
import { follow } from "../../packages/agent/src/mesh/follow.ts";
import { NodeTables } from "../../packages/agent/src/mesh/node-tables.ts";
import { type MeshBed, type MeshNode, openMesh } from "./bed.ts";

const BOTH = ["10.11.0.1", "10.12.0.1"];

/** `cart` in both clusters, and a node of `london` that knows it. */
async function opened(cache = false): Promise<{ readonly bed: MeshBed; readonly node: MeshNode }> {
  const bed = await openMesh(["london", "paris"], { cache });
  try {
    bed.clusters["london"]!.share("cart", ["10.11.0.1"]);
    bed.clusters["paris"]!.share("cart", ["10.12.0.1"]);
    const node = await bed.clusters["london"]!.node();
    await knows(bed, node, BOTH);
    return { bed, node };
  } catch (error) {
    await bed[Symbol.asyncDispose]();
    throw error;
  }
}

async function knows(bed: MeshBed, node: MeshNode, addresses: readonly string[]): Promise<void> {
  await bed.until(`the node has ${addresses.join(", ")}`, () => node.endpoints("cart")?.join() === addresses.join());
}

/** Nodes are told first: the copy on disk of what the peer says follows. */
async function copied({ folder, until }: MeshBed): Promise<void> {
  const text = (kind: string) => {
    const path = join(folder, "cache-london", "paris", `${kind}.jsonl`);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  };
  await until("the copy of paris is on disk", () => {
    const [services, slices] = [text("Service"), text("EndpointSlice")];
    return (
      text("Cluster") !== undefined && services?.includes("cart") === true && slices?.includes("10.12.0.1") === true
    );
  });
}

test("a node has the endpoints of all clusters that share a Service, as they come and go", async () => {
  const { bed, node } = await opened();
  await using _ = bed;
  const { london, paris } = bed.clusters;
  await bed.until("it knows everything", () => node.following.inStep && node.tables.complete);
  paris!.share("cart", ["10.12.0.1", "10.12.0.2"]);
  await knows(bed, node, [...BOTH, "10.12.0.2"]);
  paris!.share("cart", ["10.12.0.2"], { "carrick.dev/global": "true", "carrick.dev/shared": "false" });
  await knows(bed, node, ["10.11.0.1"]);
  paris!.share("cart", ["10.12.0.2"]);
  await knows(bed, node, ["10.11.0.1", "10.12.0.2"]);
  london!.share("cart", ["10.11.0.1"], {});
  await knows(bed, node, ["10.11.0.1"]);
  const reply = await paris!.node();
  await bed.until("paris has its own alone", () => reply.endpoints("cart")?.join() === "10.12.0.2");
});

test("a drain of the peer is known as its owner says it", async () => {
  const { bed, node } = await opened();
  await using _ = bed;
  bed.clusters["paris"]!.apply(clusterSelf({ drain: true }));
  await bed.until("the node knows the drain", () => node.tables.clusters.get("paris")?.drain === true);
  assert.deepEqual(node.endpoints("cart"), BOTH, "images stay: a drain is said beside them");
});

test("a controller that restarts while its peer is away removes nothing of it, with a copy on disk and without", async () => {
  for (const cache of [true, false]) {
    const { bed, node } = await opened(cache);
    await using _ = bed;
    const { london, paris } = bed.clusters;
    if (cache) await copied(bed);
    await paris!.controller.process.kill();
    await london!.controller.process.kill();
    await london!.controller.process.again();
    // A change of its own shows that the node has been told all that is to be told.
    london!.share("cart", ["10.11.0.1", "10.11.0.2"]);
    await knows(bed, node, ["10.11.0.1", "10.11.0.2", "10.12.0.1"]);
    // A node that starts now cannot know what nobody knows: with a copy it is told, without it knows that there may be more.
    const late = await london!.node(new NodeTables("london", { allowLoopback: false }));
    const all = ["10.11.0.1", "10.11.0.2", ...(cache ? ["10.12.0.1"] : [])];
    await bed.until(
      "a new node is in step",
      () => late.following.inStep && late.endpoints("cart")?.join() === all.join(),
    );
    assert.equal(late.tables.images.get("shop/cart:http/TCP/4")?.partial, !cache);
    await paris!.controller.process.again();
    await bed.until("the new node knows all", () => late.endpoints("cart")?.join() === "10.11.0.1,10.11.0.2,10.12.0.1");
    await bed.until("and knows that it does", () => late.tables.complete);
  }
});

test("what a peer says of addresses that are not its own is refused alone, and shown", async () => {
  const { bed, node } = await opened();
  await using _ = bed;
  const { london, paris } = bed.clusters;
  paris!.share("evil", ["10.11.0.1"]);
  london!.share("evil", []);
  paris!.share("cart", ["10.12.0.7"]);
  await knows(bed, node, ["10.11.0.1", "10.12.0.7"]);
  await bed.until("status names it", async () => {
    const { clusters } = await london!.controller.status();
    const problems = clusters.find(({ name }) => name === "paris")?.problems ?? [];
    return (
      problems.length === 1 &&
      problems[0]!.startsWith("refused: paris/shop/evil-1: has endpoint 10.11.0.1, which is outside")
    );
  });
  assert.deepEqual(node.endpoints("evil"), []);
  paris!.share("evil", ["10.12.0.8"]);
  await bed.until("it is taken once it is right", () => node.endpoints("evil")?.join() === "10.12.0.8");
  assert.deepEqual(
    (await london!.controller.status()).clusters.flatMap(({ problems }) => problems),
    [],
  );
});

test("status tells which nodes and controllers follow, how far they are, and how the peer is heard", async () => {
  const { bed, node } = await opened();
  await using _ = bed;
  const { london, paris } = bed.clusters;
  await bed.until("the node has answered everything", async () => {
    const { mesh } = await london!.controller.status();
    const [followed, ...others] = mesh!.nodes;
    return others.length === 0 && followed!.name === "n1" && followed!.pending === 0 && followed!.lagMs === undefined;
  });
  const { now, mesh } = await london!.controller.status();
  assert.equal(mesh?.cluster, "london");
  const [peer] = mesh.peers;
  assert.deepEqual([peer?.name, peer?.state, peer?.refused, peer?.error], ["paris", "fresh", 0, undefined]);
  assert.ok(peer!.connectedSince! <= now && peer!.heardMs! >= 0);
  assert.deepEqual(
    peer!.followers.map(({ name, refused }) => [name.split(":")[0], refused]),
    [["127.0.0.1", []]],
  );
  for (const name of ["n1", "n7"]) london!.apply({ apiVersion: "v1", kind: "Node", metadata: { name } });
  await bed.until("a node that has an object and follows nobody is told", async () => {
    const { otherNodes } = (await london!.controller.status()).mesh!;
    return otherNodes.includes("n7") && !otherNodes.includes("n1");
  });
  paris!.share("evil", ["10.11.0.1"]);
  await bed.until("a resource is refused, and its controller told", async () => {
    const [there] = (await paris!.controller.status()).mesh!.peers;
    const refused = there?.followers.flatMap((follower) => follower.refused) ?? [];
    return refused.some(({ type, name }) => type === "EndpointSlice" && name === "paris/shop/evil-1");
  });
  assert.equal((await london!.controller.status()).mesh!.peers[0]!.refused, 1);
  node.following.close();
  await paris!.controller.process.kill();
  await bed.until("both are gone", async () => {
    const { mesh } = await london!.controller.status();
    const [away] = mesh!.peers;
    return (
      mesh!.nodes.length === 0 &&
      away!.state === "stale" &&
      away!.connectedSince === undefined &&
      away!.followers.length === 0 &&
      away!.error !== undefined
    );
  });
});

test("a certificate of another role or cluster sees nothing", async () => {
  const { bed } = await opened();
  await using _ = bed;
  const { london } = bed.clusters;
  for (const [path, why] of [
    ["cluster/paris/node/n1", /is no node of london/],
    ["cluster/rome/controller", /rome is no peer of london/],
  ] as const) {
    const { certPem, keyPem } = await bed.authority.issue({ uris: [`spiffe://carrick.local/${path}`] });
    const { promise, resolve } = Promise.withResolvers<string>();
    const tables = new NodeTables("london", { allowLoopback: false });
    const following = follow({
      cluster: "london",
      servers: [{ address: "127.0.0.1", port: london!.controller.xdsPort }],
      domain: "carrick.local",
      tls: () => ({ certificate: certPem, key: keyPem, authority: bed.authority.certPem }),
      tables,
      on: (event) => event.kind === "disconnected" && resolve(event.message),
    });
    assert.match(await promise, why);
    following.close();
    assert.equal(tables.images.get("shop/cart:http/TCP/4"), undefined);
  }
});
