import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { Affinity } from "@carrick/proto/carrick/mesh/v1/mesh_pb.js";
import { MAX_GROUPS } from "../bpf/index.ts";
import { clusterOf, knowledge, serviceOf, sliceOf } from "./fixture.ts";
import { KernelNode, readServices } from "./kernel/fixture.ts";
import type { NodeUpdate } from "./node-tables.ts";

const VIP = "10.96.0.1";
const LONDON = [serviceOf("london", { addresses: [VIP] }), sliceOf("london", ["10.11.1.1"])];
const PARIS = [serviceOf("paris"), sliceOf("paris", ["10.12.1.1"])];
const WHOLE = [...LONDON, ...PARIS, knowledge("london", true), knowledge("paris", true)];
const BOTH = ["1/0 10.11.1.1:8080", "2/0 10.12.1.1:8080"];

/** Served at the address of `cart`; undefined where it is none. */
const served = (node: KernelNode, address = VIP) => readServices(node.maps).get(`${address}:80`);

async function told(node: KernelNode, ...updates: readonly NodeUpdate[]): Promise<void> {
  node.take(...updates);
  await node.settle();
}

test("what is told lies in the kernel, as it changes and goes", async () => {
  await using node = await KernelNode.start();
  await told(node, ...WHOLE);
  assert.deepEqual(served(node), BOTH);
  await told(node, sliceOf("paris", ["10.12.1.2", "10.12.1.3 draining"]));
  assert.deepEqual(served(node), ["1/0 10.11.1.1:8080", "2/0 10.12.1.2:8080"]);
  await told(node, serviceOf("london", { addresses: [VIP], affinity: Affinity.LOCAL }));
  assert.deepEqual(served(node), ["1/0 10.11.1.1:8080", "2/1 10.12.1.2:8080"]);
  await told(node, { ...LONDON[0]!, resources: [], removed: ["london/shop/cart"] });
  assert.deepEqual([...readServices(node.maps)], []);
});

test("a new agent leaves a Service as it is until it knows all of it, and then makes it right", async () => {
  await using node = await KernelNode.start();
  await told(node, ...WHOLE);
  await node.restart();
  await told(node, ...LONDON, knowledge("london", true), knowledge("paris", false));
  assert.deepEqual(served(node), BOTH);
  await told(node, ...PARIS, sliceOf("paris", []), knowledge("paris", true));
  assert.deepEqual(served(node), BOTH.slice(0, 1));
});

test("a Service that is new to a new agent is served with what is known of it", async () => {
  await using node = await KernelNode.start();
  await told(node, ...WHOLE);
  await node.restart();
  const tea = [serviceOf("london", { name: "tea", addresses: ["10.96.0.2"] }), sliceOf("london", ["10.11.1.5"], "tea")];
  await told(node, ...LONDON, ...tea, knowledge("london", true), knowledge("paris", false));
  assert.deepEqual(served(node, "10.96.0.2"), ["1/0 10.11.1.5:8080"]);
  await told(node, sliceOf("london", ["10.11.1.6"], "tea"));
  assert.deepEqual(served(node, "10.96.0.2"), ["1/0 10.11.1.6:8080"]);
});

test("a Service that goes and comes back while a cluster is not known is served all the while", async () => {
  await using node = await KernelNode.start();
  await told(node, ...WHOLE);
  await node.restart();
  await told(node, ...LONDON, knowledge("london", true), knowledge("paris", false));
  node.take({ ...LONDON[0]!, resources: [], removed: ["london/shop/cart"] }, LONDON[0]!);
  await node.settle();
  assert.deepEqual(served(node), BOTH);
});

test("an address that passes to another Service while a cluster is not known leads to that one", async () => {
  await using node = await KernelNode.start();
  await told(node, ...LONDON, knowledge("london", true), knowledge("paris", false));
  assert.deepEqual(served(node), BOTH.slice(0, 1));
  const tea = [serviceOf("london", { name: "tea", addresses: [VIP] }), sliceOf("london", ["10.11.1.5"], "tea")];
  await told(node, { ...LONDON[0]!, resources: [], removed: ["london/shop/cart"] }, ...tea);
  assert.deepEqual(served(node), ["1/0 10.11.1.5:8080"]);
});

test("a drain is in the kernel as soon as it is told, and a new agent takes it back only when it knows better", async () => {
  await using node = await KernelNode.start();
  await told(node, ...WHOLE, clusterOf("paris", { drain: true }));
  assert.deepEqual([node.isDrained("london"), node.isDrained("paris")], [false, true]);
  await node.restart();
  await told(node, ...LONDON, knowledge("london", true), knowledge("paris", false));
  assert.equal(node.isDrained("paris"), true);
  await told(node, clusterOf("paris", { drain: false }), knowledge("paris", true));
  assert.equal(node.isDrained("paris"), false);
  await told(node, clusterOf("paris", { drain: true }));
  await told(node, knowledge("paris", false), clusterOf("paris", { drain: false }));
  assert.equal(node.isDrained("paris"), false, "what this agent has said itself, it also takes back");
});

test("more clusters than an image holds: those that fit are served, the others are a condition until there is room", async () => {
  await using node = await KernelNode.start();
  const others = Array.from({ length: MAX_GROUPS + 1 }, (_, i) => `c${String(i).padStart(2, "0")}`);
  const all = others.flatMap((name, i) => [serviceOf(name), sliceOf(name, [`10.20.${i}.1`]), knowledge(name, true)]);
  await told(node, ...LONDON, knowledge("london", true), ...all);
  assert.equal(served(node)?.length, MAX_GROUPS);
  assert.ok(
    served(node)!.some((member) => member.endsWith(" 10.11.1.1:8080")),
    "the own cluster is one of them",
  );
  const condition = node.kernel.conditions.get("shop/cart:http/TCP/4");
  assert.deepEqual([condition?.reason, condition?.limit], ["Full", MAX_GROUPS]);
  assert.match(condition!.message, /no new connections in c15, c16, since an image has room for 16 clusters/);
  // The image goes on to change.
  await told(node, sliceOf("c00", ["10.20.0.9"]));
  assert.ok(served(node)!.some((member) => member.endsWith(" 10.20.0.9:8080")));
  await told(node, sliceOf("c00", []), sliceOf("c01", []));
  assert.equal(served(node)?.length, MAX_GROUPS);
  assert.equal(node.kernel.conditions.size, 0);
});

test("a condition of an image goes with the image", async () => {
  await using node = await KernelNode.start();
  const others = Array.from({ length: MAX_GROUPS }, (_, i) => `c${i}`);
  const all = others.flatMap((name, i) => [serviceOf(name), sliceOf(name, [`10.20.${i}.1`]), knowledge(name, true)]);
  await told(node, ...LONDON, knowledge("london", true), ...all);
  assert.equal(node.kernel.conditions.size, 1);
  await told(node, { ...LONDON[0]!, resources: [], removed: ["london/shop/cart"] });
  assert.equal(node.kernel.conditions.size, 0);
});

test("more Services than the maps hold: what fits is served, the others are conditions with map and limit", async () => {
  await using node = await KernelNode.start({ frontends: 64, heads: 4, backends: 16 });
  const services = Array.from({ length: 5 }, (_, i) => [
    serviceOf("london", { name: `s${i}`, addresses: [`10.96.1.${i}`] }),
    sliceOf("london", [`10.11.2.${i}`], `s${i}`),
  ]).flat();
  await told(node, ...services, knowledge("london", true));
  assert.equal(readServices(node.maps).size, 3);
  const conditions = [...node.kernel.conditions.values()];
  assert.deepEqual(
    conditions.map(({ reason, map, limit }) => [reason, map, limit]),
    [
      ["Full", "heads", 3],
      ["Full", "heads", 3],
    ],
  );
  assert.match(
    conditions[0]!.message,
    /^shop\/s\d:http\/TCP\/4: is not in the service map, since its map heads is full/,
  );
});

test("more endpoints that keep clients than the map holds: all are served, and the Service is a condition", async () => {
  await using node = await KernelNode.start({ backends: 16 });
  const endpoints = Array.from({ length: 20 }, (_, i) => `10.11.2.${i}`);
  const many = (count: number) => sliceOf("london", endpoints.slice(0, count));
  await told(node, serviceOf("london", { addresses: [VIP], affinitySeconds: 60 }), many(20), knowledge("london", true));
  assert.equal(served(node)?.length, 20);
  const condition = node.kernel.conditions.get("shop/cart:http/TCP/4");
  assert.deepEqual([condition?.reason, condition?.map, condition?.limit], ["Full", "backends", 16]);
  await told(node, many(16));
  assert.equal(served(node)?.length, 16);
  assert.equal(node.kernel.conditions.size, 0);
});

test("another agent that takes over is a failure that is told once, and nothing more is written", async () => {
  await using node = await KernelNode.start();
  await told(node, ...WHOLE);
  await node.takeOver();
  await told(node, sliceOf("london", ["10.11.1.9"]));
  assert.match(String(node.failures), /taken over by another agent/);
  node.take(sliceOf("london", ["10.11.1.8"]));
  node.kernel.update();
  assert.equal(node.failures.length, 1);
  assert.deepEqual(served(node), BOTH);
});

test("numbers of clusters that cannot be kept are a failure: nobody gets a number that is another's tomorrow", async () => {
  await using node = await KernelNode.start();
  await told(node, ...LONDON, knowledge("london", true));
  rmSync(node.folder, { recursive: true });
  node.take(...PARIS, knowledge("paris", true));
  assert.match(String(node.failures), /ENOENT.*clusters/);
  assert.equal(node.failures.length, 1);
});
