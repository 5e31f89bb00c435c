import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode } from "../layout/codec.ts";
import { Backend, BackendKey, Image } from "../layout/generated.ts";
import { FencedError } from "./ownership.ts";
import { Bed, frontend, group, service, startWriter, type Writer } from "../fixture.ts";
import { addressKey, frontendKey, slotOf } from "./frontend.ts";
import type { Frontend } from "./description.ts";

const VIP = frontend("10.96.0.1 80");

/** The slot and the image to which a frontend leads in the kernel. */
function published({ maps }: Writer, of: Frontend) {
  const key = frontendKey(of);
  const value = maps.frontends.lookup(key);
  const slot = value && slotOf(key, value);
  return slot === undefined ? undefined : { slot, ...maps.head(slot) };
}

function rows({ maps }: Writer): number {
  return [...maps.backends.entries()].length;
}

test("what is wanted as it is published costs no write; a change is a new image in the same slot", async () => {
  await using bed = new Bed();
  const writer = await startWriter(bed.load());
  const { publisher } = writer;
  publisher.setService("cart", service([group(["10.1.0.1"])]));
  publisher.setFrontend(VIP, "cart");
  await publisher.flush();
  const first = published(writer, VIP);
  publisher.setService("cart", service([group(["10.1.0.1"])]));
  publisher.setFrontend(VIP, "cart");
  await publisher.flush();
  assert.deepEqual(published(writer, VIP), first);
  publisher.setService("cart", service([group(["10.1.0.2"])]));
  await publisher.flush();
  const second = published(writer, VIP);
  assert.equal(second?.slot, first?.slot);
  assert.notEqual(second?.generation, first?.generation);
});

test("a new writer keeps slot, uid and image of what is wanted still, and removes the rest only from a whole world", async () => {
  await using bed = new Bed();
  const object = bed.load();
  const first = await startWriter(object);
  const gone = frontend("10.96.0.2 80");
  const affinity = { affinitySeconds: 60 };
  for (const [key, of] of [
    ["cart", VIP],
    ["gone", gone],
  ] as const) {
    first.publisher.setService(key, service([group(["10.1.0.1", "10.1.0.2"])], affinity));
    first.publisher.setFrontend(of, key);
  }
  await first.publisher.flush();
  const before = published(first, VIP);
  assert.equal(rows(first), 4);
  // As if the writer had ended after the rows of a service and before its image.
  const stray = encode(BackendKey, { uid: 999, ip: VIP.ip, port: 80 });
  first.maps.backends.update(stray, encode(Backend, { state: 1, cluster: 0, since: 1 }));

  const second = await startWriter(bed.load());
  await assert.rejects(first.publisher.flush(), FencedError);
  assert.deepEqual(published(second, VIP), before);
  // The frontend is told before its service: it is served on meanwhile.
  second.publisher.setFrontend(VIP, "cart");
  await second.publisher.flush();
  assert.deepEqual(published(second, VIP), before);
  second.publisher.setService("cart", service([group(["10.1.0.1", "10.1.0.2"])], affinity));
  await second.publisher.flush();
  assert.deepEqual(published(second, VIP), before);
  assert.ok(published(second, gone) !== undefined);

  second.publisher.complete();
  await second.publisher.flush();
  await second.publisher.settled();
  assert.deepEqual(published(second, VIP), before);
  assert.equal(published(second, gone), undefined);
  assert.equal(rows(second), 2);
  // The frontend and its address, and nothing else.
  assert.equal([...second.maps.frontends.entries()].length, 2);
});

test("a service that is not wanted any more leaves nothing: no frontend, head, memory or row", async () => {
  await using bed = new Bed();
  const writer = await startWriter(bed.load());
  const { publisher, maps } = writer;
  publisher.setService("cart", service([group(["10.1.0.1"])], { pinUdp: true }));
  publisher.setFrontend(VIP, "cart");
  await publisher.flush();
  const { slot } = published(writer, VIP)!;
  publisher.setService("cart", undefined);
  publisher.setFrontend(VIP, undefined);
  await publisher.flush();
  assert.deepEqual([...maps.frontends.entries()], []);
  assert.equal(rows(writer), 0);
  await publisher.settled();
  assert.equal(maps.head(slot), undefined);
  publisher.setService("other", service([group(["10.1.0.9"])]));
  publisher.setFrontend(VIP, "other");
  await publisher.flush();
  assert.equal(published(writer, VIP)?.slot, slot);
});

test("a frontend moves to another service with one write", async () => {
  await using bed = new Bed();
  const writer = await startWriter(bed.load());
  const { publisher } = writer;
  for (const key of ["a", "b"]) publisher.setService(key, service([group(["10.1.0.1"])]));
  publisher.setFrontend(VIP, "a");
  await publisher.flush();
  const before = published(writer, VIP)!;
  publisher.setFrontend(VIP, "b");
  await publisher.flush();
  const after = published(writer, VIP)!;
  assert.notEqual(after.slot, before.slot);
  assert.equal([...writer.maps.frontends.entries()].length, 2);
});

test("a bad description fails alone, and what was published before is served on", async () => {
  await using bed = new Bed();
  const writer = await startWriter(bed.load());
  const { publisher } = writer;
  publisher.setService("cart", service([group(["10.1.0.1"])]));
  publisher.setFrontend(VIP, "cart");
  await publisher.flush();
  const before = published(writer, VIP);
  publisher.setService("cart", service([group(["10.1.0.1"], { need: 0 })]));
  publisher.setService("other", service([group(["10.1.0.2"])]));
  const other = frontend("10.96.0.2 80");
  publisher.setFrontend(other, "other");
  await publisher.flush();
  assert.deepEqual(published(writer, VIP), before);
  assert.ok(published(writer, other) !== undefined);
  const condition = publisher.conditions.get("cart");
  assert.equal(condition?.reason, "Invalid");
  assert.match(condition.message, /^cart: has need 0 in group 0.*what was published before is served on$/);
  publisher.setService("cart", service([group(["10.1.0.3"])]));
  await publisher.flush();
  assert.equal(publisher.conditions.size, 0);
  assert.notDeepEqual(published(writer, VIP), before);
});

test("a service that was bad from the start is served when it is mended", async () => {
  await using bed = new Bed();
  const writer = await startWriter(bed.load());
  const { publisher } = writer;
  publisher.setService("cart", service([group(["10.1.0.1"], { need: 0 })]));
  publisher.setFrontend(VIP, "cart");
  await publisher.flush();
  assert.equal(published(writer, VIP), undefined);
  publisher.setService("cart", service([group(["10.1.0.1"])]));
  await publisher.flush();
  assert.ok(published(writer, VIP) !== undefined);
});

test("a map that is full is said with its limit, what fits is served, and the rest when there is room", async () => {
  await using bed = new Bed();
  const writer = await startWriter(bed.load(undefined, { frontends: 4, heads: 8, backends: 2 }));
  const { publisher } = writer;
  const frontends = [1, 2, 3, 4, 5, 6].map((i) => frontend(`10.96.0.${i} 80`, "TCP", { exclusive: false }));
  for (const [i, of] of frontends.entries()) {
    publisher.setService(`s${i}`, service([group(["10.1.0.1"])]));
    publisher.setFrontend(of, `s${i}`);
  }
  await publisher.flush();
  const served = () => frontends.filter((of) => published(writer, of) !== undefined);
  assert.equal(served().length, 4);
  const conditions = [...publisher.conditions.values()];
  assert.deepEqual(
    conditions.map(({ reason, map, limit }) => [reason, map, limit]),
    [
      ["Full", "frontends", 4],
      ["Full", "frontends", 4],
    ],
  );
  assert.match(conditions[0]!.message, /^TCP 10\.96\.0\.\d:80: .* full with 4 entries; raise that limit$/);

  const [first, second] = served();
  publisher.setFrontend(first!, undefined);
  publisher.setFrontend(second!, undefined);
  await publisher.flush();
  await publisher.settled();
  assert.equal(publisher.conditions.size, 0);
  assert.equal(served().length, 4);

  for (const i of [6, 7, 8]) publisher.setService(`s${i}`, service([group(["10.1.0.1"])]));
  await publisher.flush();
  assert.deepEqual([...publisher.conditions.keys()], ["s7", "s8"]);
  assert.deepEqual([publisher.conditions.get("s7")?.map, publisher.conditions.get("s7")?.limit], ["heads", 7]);
  for (const i of [0, 1]) publisher.setService(`s${i}`, undefined);
  await publisher.flush();
  await publisher.settled();
  assert.equal(publisher.conditions.size, 0);

  publisher.setService("s2", service([group(["10.1.0.1", "10.1.0.2", "10.1.0.3"])], { affinitySeconds: 1 }));
  await publisher.flush();
  assert.equal(publisher.conditions.get("s2")?.map, "backends");
  publisher.setService("s2", service([group(["10.1.0.1", "10.1.0.2"])], { affinitySeconds: 1 }));
  await publisher.flush();
  assert.equal(publisher.conditions.size, 0);
});

test("an address that cannot be known as a service's is said so, and is known when there is room", async () => {
  await using bed = new Bed();
  const writer = await startWriter(bed.load(undefined, { frontends: 2 }));
  const { publisher } = writer;
  const second = frontend("10.96.0.2 81", "TCP", { exclusive: false });
  publisher.setService("cart", service([group(["10.1.0.1"])]));
  for (const each of [VIP, second]) publisher.setFrontend(each, "cart");
  await publisher.flush();
  assert.match(
    [...publisher.conditions.values()][0]!.message,
    /^the other ports of 10\.96\.0\.1: .* frontends is full with 2/,
  );
  assert.equal(writer.maps.frontends.lookup(addressKey(VIP)), undefined);
  publisher.setFrontend(second, undefined);
  await publisher.flush();
  assert.equal(publisher.conditions.size, 0);
  assert.ok(writer.maps.frontends.lookup(addressKey(VIP)) !== undefined);
});

test("images that do not fit into one segment get another, and all are there for the next writer", async () => {
  await using bed = new Bed();
  const writer = await startWriter(bed.load());
  const { publisher } = writer;
  const ips = Array.from({ length: 20_000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
  const frontends = [1, 2, 3, 4, 5].map((i) => frontend(`10.96.0.${i} 80`));
  for (const [i, of] of frontends.entries()) {
    publisher.setService(`s${i}`, service([group(ips)]));
    publisher.setFrontend(of, `s${i}`);
  }
  await publisher.flush();
  assert.equal(writer.maps.segments, 2);
  const before = frontends.map((of) => published(writer, of));
  assert.ok(before.every((at) => at !== undefined));

  const next = await startWriter(bed.load());
  assert.equal(next.maps.segments, 2);
  assert.deepEqual(
    frontends.map((of) => published(next, of)),
    before,
  );
});

test("two changes of one service that are flushed at once end as the last", async () => {
  await using bed = new Bed();
  const writer = await startWriter(bed.load());
  const { publisher } = writer;
  publisher.setFrontend(VIP, "cart");
  publisher.setService("cart", service([group(["10.1.0.1"])]));
  const one = publisher.flush();
  publisher.setService("cart", service([]));
  await Promise.all([one, publisher.flush()]);
  const { segment = 0, unit = 0 } = published(writer, VIP)!;
  const image = writer.maps.image({ segment, unit, units: 1 })!;
  assert.equal(decode(Image, image.subarray(0, Image.size)).groupCount, 0);
});
