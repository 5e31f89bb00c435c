import assert from "node:assert/strict";
import { test } from "node:test";
import { addressBytes } from "../layout/address.ts";
import { Group, Image, MAX_WEIGHTED_MEMBERS, Member, UNIT_SIZE } from "../layout/generated.ts";
import type { GroupDescription, Member as MemberDescription, ServiceDescription } from "./description.ts";
import { encodeImage, ImageError, restamp } from "./image.ts";

function members(count: number, weight: (index: number) => number = () => 1): MemberDescription[] {
  return Array.from({ length: count }, (_, i) => {
    return { ip: addressBytes(`10.1.${i >> 8}.${i & 255}`), port: 8080, weight: weight(i), node: 0 };
  });
}

function group(more: Partial<GroupDescription> = {}): GroupDescription {
  return { tier: 0, cluster: 1, weight: 100, need: 100, members: members(3), ...more };
}

function service(groups: GroupDescription[], more: Partial<ServiceDescription> = {}): ServiceDescription {
  return { affinitySeconds: 0, pinUdp: false, hashClient: false, ringSize: 0, groups, draining: [], ...more };
}

function read(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer);
  const image = Image.read(view, 0);
  const groups = Array.from({ length: image.groupCount }, (_, i) => Group.read(view, Image.size + i * Group.size));
  const all = Array.from({ length: image.memberCount }, (_, i) =>
    Member.read(view, (image.memberOffset + i) * Member.size),
  );
  return { image, groups, members: all, view };
}

test("an image is read back as it was described, in whole units", () => {
  const bytes = encodeImage(service([group()], { affinitySeconds: 10, pinUdp: true }), 7, 9);
  const { image, groups, members } = read(bytes);
  assert.equal(bytes.length, image.units * UNIT_SIZE);
  assert.deepEqual(
    [image.uid, image.generation, image.affinityTicks, image.memberCount, image.flags],
    [7, 9, Math.ceil(1e10 / 2 ** 30), 3, 1],
  );
  assert.deepEqual(groups, [
    { first: 0, count: 3, cluster: 1, weight: 100, need: 100, weightSum: 0, ringOffset: 0, tier: 0, index: 0 },
  ]);
  assert.deepEqual(members[2], {
    ip: addressBytes("10.1.0.2"),
    port: 8080,
    cluster: 1,
    cumulative: 0,
    state: 1,
    flags: 0,
    node: 0,
    generation: 9,
  });
});

test("groups lie in order of tiers, each with its own index and members", () => {
  const { groups } = read(encodeImage(service([group({ tier: 2 }), group({ tier: 0, members: members(2) })]), 1, 1));
  assert.deepEqual(
    groups.map(({ tier, index, first, count }) => [tier, index, first, count]),
    [
      [0, 0, 0, 2],
      [2, 1, 2, 3],
    ],
  );
});

test("weights are cumulative within a group; members and groups that weigh nothing are left out", () => {
  const weighted = group({ members: members(4, (i) => i) });
  const empty = [group({ members: [] }), group({ weight: 0 }), group({ members: members(2, () => 0) })];
  const { image, groups, members: all } = read(encodeImage(service([...empty, weighted]), 1, 1));
  assert.equal(image.groupCount, 1);
  assert.equal(groups[0]?.weightSum, 6);
  assert.deepEqual(
    all.map(({ cumulative }) => cumulative),
    [1, 3, 6],
  );
});

test("a service without endpoints is an image without groups, of one unit", () => {
  const { image } = read(encodeImage(service([]), 1, 1));
  assert.deepEqual([image.groupCount, image.memberCount, image.units], [0, 0, 1]);
});

test("a ring names members by their place in the image, and begins at a whole unit", () => {
  const { groups, view } = read(encodeImage(service([group(), group({ tier: 1 })], { ringSize: 251 }), 1, 1));
  for (const { first, count, ringOffset } of groups) {
    const named = Array.from({ length: 251 }, (_, i) => view.getUint16(ringOffset * UNIT_SIZE + i * 2, true));
    assert.deepEqual(
      [...new Set(named)].toSorted((a, b) => a - b),
      Array.from({ length: count }, (_, i) => first + i),
    );
  }
});

test("what the programs could not read right is refused with the reason", () => {
  const refused: [ServiceDescription, RegExp][] = [
    [service(Array.from({ length: 17 }, () => group())), /17 groups, at most 16/],
    [service([group(), group({ need: 90 })]), /needs 100 and 90 in tier 0/],
    [service([group({ weight: 65_536 })]), /weight 65536 in group 0, which is not from 0 to 65535/],
    [service([group({ cluster: 1024 })]), /cluster 1024 in group 0/],
    [service([group({ need: 0 })]), /need 0 in group 0/],
    [service([group({ tier: 256 })]), /tier 256 in group 0/],
    [service([group({ members: members(MAX_WEIGHTED_MEMBERS + 1, (i) => i + 1) })]), /4097 weighted members/],
    [service([group({ members: members(40_000) }), group({ members: members(40_000) })]), /bytes, but at most/],
    [service([group()], { ringSize: 250 }), /neither 0 nor a prime/],
    [service([group({ members: members(252) })], { ringSize: 251 }), /252 members in group 0, more than its ring/],
    [service([group()], { affinitySeconds: -1 }), /affinity of -1 s/],
    [service([group({ members: [{ ...members(1)[0]!, port: 0 }] })]), /a member 10\.1\.0\.0:0 .* no endpoint/],
  ];
  for (const [description, message] of refused) {
    assert.throws(
      () => encodeImage(description, 1, 1),
      (error: unknown) => error instanceof ImageError && message.test(error.message),
      String(message),
    );
  }
});

test("an image with another generation is as if it had been encoded with it", () => {
  const description = service([group(), group({ tier: 1, members: members(9, (i) => i + 1) })], { ringSize: 251 });
  const bytes = encodeImage(description, 1, 1);
  restamp(bytes, 2);
  assert.deepEqual(bytes, encodeImage(description, 1, 2));
});
