import assert from "node:assert/strict";
import { test } from "node:test";
import { type ImageKey, type ImageRow } from "@carrick/core/derive/mesh";
import * as fc from "fast-check";
import { MAX_GROUPS } from "../bpf/index.ts";
import { chooseGroups } from "./choose-groups.ts";
import { CLUSTER_LIMIT } from "./cluster-indexes.ts";

const HERE = "london";

function image(...clusters: readonly (readonly [cluster: string, priority: number])[]): ImageRow {
  return {
    key: "shop/cart:http/TCP/4" as ImageKey,
    groups: clusters.map(([cluster, priority]) => ({
      cluster,
      priority,
      weight: 1,
      endpoints: [{ address: "10.1.0.1", port: 80 }],
    })),
    draining: [],
    affinitySeconds: 0,
    partial: false,
  };
}

const named = (count: number): [cluster: string, priority: number][] =>
  Array.from({ length: count }, (_, i) => [`c${String(i).padStart(3, "0")}`, 0]);
const clustersIn = ({ groups }: ReturnType<typeof chooseGroups>) => groups.map(({ group }) => group.cluster);
const all = () => 7;

test("as many clusters as an image has room for are all in, without a condition", () => {
  const choice = chooseGroups(image(...named(MAX_GROUPS)), all, HERE);
  assert.equal(choice.groups.length, MAX_GROUPS);
  assert.equal(choice.condition, undefined);
});

test("of more, the own cluster and the first by name are in, in the image's order; the others are named with the limit", () => {
  const choice = chooseGroups(image(...named(MAX_GROUPS + 1), [HERE, 0]), all, HERE);
  assert.deepEqual(clustersIn(choice), [...named(MAX_GROUPS - 1).map(([name]) => name), HERE]);
  assert.deepEqual(choice.condition, {
    reason: "Full",
    message:
      "shop/cart:http/TCP/4: gets no new connections in c015, c016, since an image has room for 16 clusters; share the Service from fewer",
    limit: 16,
  });
});

test("what is used first comes before the own cluster", () => {
  const choice = chooseGroups(image([HERE, 1], ...named(MAX_GROUPS)), all, HERE);
  assert.deepEqual(
    clustersIn(choice),
    named(MAX_GROUPS).map(([name]) => name),
  );
  assert.match(choice.condition!.message, /no new connections in london, since/);
});

test("a cluster that has no number is left out and named, with the map that is full", () => {
  const choice = chooseGroups(image(["oslo", 0], ["paris", 0]), (name) => (name === "oslo" ? undefined : 2), HERE);
  assert.deepEqual(clustersIn(choice), ["paris"]);
  const { message, ...rest } = choice.condition!;
  assert.deepEqual(rest, { reason: "Full", map: "health", limit: CLUSTER_LIMIT });
  assert.match(
    message,
    /no new connections in oslo, since map health is full with 1023 clusters .*; restart the machine/,
  );
});

test("a long list of names is cut", () => {
  const { condition } = chooseGroups(image(...named(40)), all, HERE);
  assert.match(condition!.message, /in c016, c017, c018, c019, c020 and 19 more, since/);
});

test("every choice is a whole first part of the order, and names exactly what it leaves out", () => {
  const clusters = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom(...named(30).map(([name]) => name), HERE),
      priority: fc.nat(1),
      known: fc.boolean(),
    }),
    { selector: ({ name }) => name, maxLength: 31 },
  );
  fc.assert(
    fc.property(clusters, (chosen) => {
      const sorted = chosen.toSorted((a, b) => (a.name < b.name ? -1 : 1));
      const known = new Set(sorted.flatMap(({ name, known }) => (known ? [name] : [])));
      const row = image(...sorted.map(({ name, priority }) => [name, priority] as const));
      const choice = chooseGroups(row, (name) => (known.has(name) ? 1 : undefined), HERE);
      const inside = new Set(clustersIn(choice));
      assert.equal(inside.size, Math.min(known.size, MAX_GROUPS));
      assert.equal(choice.condition === undefined, inside.size === sorted.length);
      const order = ({ name, priority }: (typeof sorted)[number]) => `${priority}${name === HERE ? 0 : 1}${name}`;
      for (const one of sorted.filter(({ name }) => inside.has(name))) {
        for (const other of sorted.filter(({ name }) => known.has(name) && !inside.has(name)))
          assert.ok(order(one) < order(other), `${one.name} before ${other.name}`);
      }
    }),
    { seed: 11, numRuns: 300 },
  );
});
