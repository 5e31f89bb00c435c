import assert from "node:assert/strict";
import { test } from "node:test";
import { type Member, select } from "@carrick/core/derive";
import type { ImageKey, ImageRow } from "@carrick/core/derive/mesh";
import * as fc from "fast-check";
import { addressBytes } from "../bpf/index.ts";
import { endpointText } from "../bpf/layout/address.ts";
import { encodeImage } from "../bpf/services/image.ts";
import { describeFrontend, describeImage } from "./describe.ts";
import { readGroups } from "./kernel/fixture.ts";

type Group = ImageRow["groups"][number];

const CLUSTERS = ["london", "oslo", "paris", "rome"];
const indexOf = (cluster: string) => CLUSTERS.indexOf(cluster) + 1;

function image(groups: readonly Group[], more: Partial<ImageRow> = {}): ImageRow {
  const key = "shop/cart:http/TCP/4" as ImageKey;
  return { key, groups, draining: [], affinitySeconds: 0, partial: false, ...more };
}

const text = ({ address, port }: { readonly address: string; readonly port: number }) =>
  endpointText(addressBytes(address), port);

/**
 * How often each endpoint is picked while all clusters are healthy, by what lies in the image: the first tier takes
 * everything as soon as it weighs what it needs, a group its part by weight, all members of it the same.
 */
function pickedByKernel(row: ImageRow): Map<string, number> {
  const { service, condition } = describeImage(row, indexOf, "london");
  assert.equal(condition, undefined);
  const groups = readGroups(encodeImage(service, 1, 1));
  const [first] = groups;
  const tier = groups.filter((group) => group.tier === first?.tier);
  const sum = tier.reduce((total, { weight }) => total + weight, 0);
  const picked = new Map<string, number>();
  for (const { weight, need, weightSum, members } of tier) {
    assert.equal(weightSum, 0);
    assert.ok(sum >= need);
    for (const member of members) picked.set(member, (picked.get(member) ?? 0) + weight / sum / members.length);
  }
  return picked;
}

/** The same by the selector: each endpoint of the first priority by the weight of its cluster. */
function pickedBySelector(groups: readonly Group[]): Map<string, number> {
  const priority = Math.min(...groups.map((group) => group.priority));
  const first = groups.filter((group) => group.priority === priority);
  const sum = first.reduce((total, { weight, endpoints }) => total + weight * endpoints.length, 0);
  const picked = new Map<string, number>();
  for (const { weight, endpoints } of first)
    for (const endpoint of endpoints) picked.set(text(endpoint), (picked.get(text(endpoint)) ?? 0) + weight / sum);
  return picked;
}

const candidate = fc.record({
  address: fc.oneof(
    fc.nat(40).map((n) => `10.1.0.${n}`),
    fc.nat(9).map((n) => `fd10::${n}`),
  ),
  port: fc.constantFrom(8080, 8081),
  condition: fc.constantFrom("ready" as const, "ready" as const, "draining" as const, "notReady" as const),
});
const members: fc.Arbitrary<Member[]> = fc.subarray(CLUSTERS).chain((clusters) =>
  fc.tuple(
    ...clusters.map((cluster) =>
      fc.record({
        cluster: fc.constant(cluster),
        weight: fc.oneof(fc.constantFrom(1, 1, 2, 1000), fc.integer({ min: 1, max: 1000 })),
        drain: fc.constant(false),
        endpoints: fc.oneof(
          { weight: 5, arbitrary: fc.array(candidate, { maxLength: 12 }) },
          { weight: 1, arbitrary: fc.constant(many()) },
        ),
      }),
    ),
  ),
);

/** More than 16 bits can weigh, with a weight of 1000 each. */
function many(): Member["endpoints"] {
  return Array.from({ length: 300 }, (_, i) => ({
    address: `10.2.${i >> 8}.${i & 255}`,
    port: 8080,
    condition: "ready" as const,
  }));
}

test("an image picks each endpoint as often as the selector means it", () => {
  fc.assert(
    fc.property(members, fc.constantFrom("none" as const, "local" as const, "remote" as const), (all, affinity) => {
      const { groups } = select(all, { here: "london", affinity });
      const [meant, picked] = [pickedBySelector(groups), pickedByKernel(image(groups))];
      assert.deepEqual([...picked.keys()].sort(), [...meant.keys()].sort());
      // Each group's weight is rounded once.
      const error = (CLUSTERS.length + 1) / 0xffff;
      for (const [endpoint, part] of meant) assert.ok(Math.abs(picked.get(endpoint)! - part) <= error, endpoint);
    }),
    { seed: 3, numRuns: 400 },
  );
});

test("tiers, clusters and endpoints lie in the image as the selector gives them", () => {
  fc.assert(
    fc.property(members, fc.constantFrom("none" as const, "local" as const, "remote" as const), (all, affinity) => {
      const { groups } = select(all, { here: "london", affinity });
      const { service } = describeImage(image(groups), indexOf, "london");
      const lies = readGroups(encodeImage(service, 1, 1)).map(({ tier, cluster, members: ends }) => [
        tier,
        cluster,
        ends,
      ]);
      const meant = groups
        .toSorted((a, b) => a.priority - b.priority)
        .map(({ priority, cluster, endpoints }) => [priority, indexOf(cluster), endpoints.map(text)]);
      assert.deepEqual(lies, meant);
    }),
    { seed: 5, numRuns: 200 },
  );
});

test("a small group beside one that is beyond 16 bits is still picked", () => {
  const huge = { cluster: "london", priority: 0, weight: 1000, endpoints: many() };
  const small = { cluster: "paris", priority: 0, weight: 1, endpoints: [{ address: "10.1.0.1", port: 80 }] };
  const { service } = describeImage(image([huge, small]), indexOf, "london");
  assert.deepEqual(
    service.groups.map(({ weight }) => weight),
    [0xffff, 1],
  );
});

test("what keeps clients is said of the image: affinity, UDP, endpoints that drain", () => {
  const draining = [{ cluster: "paris", address: "10.1.0.9", port: 8080 }];
  const tcp = describeImage(image([], { affinitySeconds: 600, draining }), indexOf, "london").service;
  assert.deepEqual(
    [tcp.affinitySeconds, tcp.pinUdp, tcp.draining],
    [600, false, [{ ip: addressBytes("10.1.0.9"), port: 8080, cluster: indexOf("paris") }]],
  );
  const udp = image([], { key: "shop/dns:dns/UDP/6" as ImageKey });
  assert.equal(describeImage(udp, indexOf, "london").service.pinUdp, true);
});

test("of a cluster that the kernel has no room for nothing is in the image", () => {
  const groups = ["oslo", "paris"].map((cluster, i) => ({
    cluster,
    priority: 0,
    weight: 1,
    endpoints: [{ address: `10.1.0.${i}`, port: 80 }],
  }));
  const draining = ["oslo", "paris"].map((cluster) => ({ cluster, address: "10.1.0.9", port: 80 }));
  const { service, condition } = describeImage(
    image(groups, { draining }),
    (cluster) => (cluster === "oslo" ? undefined : 3),
    "london",
  );
  assert.deepEqual(
    service.groups.map(({ cluster }) => cluster),
    [3],
  );
  assert.deepEqual(
    service.draining.map(({ cluster }) => cluster),
    [3],
  );
  assert.equal(condition?.map, "health");
});

test("an address is a Service's alone; what stands for its other ports is the kernel's own affair", () => {
  const image = "shop/cart:http/TCP/4" as ImageKey;
  assert.deepEqual(describeFrontend({ address: "10.96.0.1", port: 80, protocol: "TCP", image }), {
    ip: addressBytes("10.96.0.1"),
    port: 80,
    protocol: "TCP",
    scope: "internal",
    exclusive: true,
  });
  assert.equal(describeFrontend({ address: "10.96.0.1", port: 0, protocol: "" }), undefined);
});
