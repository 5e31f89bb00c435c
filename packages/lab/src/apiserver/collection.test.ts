import assert from "node:assert/strict";
import { test } from "node:test";
import { Collection } from "./collection.ts";
import { entryKey } from "./entry.ts";
import { BUILT_IN_RESOURCES } from "./resources.ts";

const MAPS = BUILT_IN_RESOURCES.find(({ kind }) => kind === "ConfigMap")!;

function entry(name: string, version: number) {
  const key = entryKey("shop", name);
  return { key, namespace: "shop", name, labels: undefined, fields: undefined, version, json: "{}" };
}

function names(collection: Collection): string {
  return collection
    .sorted()
    .map(({ name, version }) => `${name}${version}`)
    .join(" ");
}

test("the order is kept through deletions, returns and changes, whether or not somebody lists between", () => {
  const collection = new Collection(MAPS, 10, 0);
  for (const [version, name] of ["c", "a", "d", "b"].entries()) collection.apply("ADDED", entry(name, version));
  assert.equal(names(collection), "a1 b3 c0 d2");
  collection.apply("DELETED", entry("b", 4));
  assert.equal(names(collection), "a1 c0 d2");
  // Gone and back before the next list: once, not twice.
  collection.apply("DELETED", entry("c", 5));
  collection.apply("ADDED", entry("c", 6));
  collection.apply("MODIFIED", entry("a", 7));
  assert.equal(names(collection), "a7 c6 d2");
  // One goes, another comes: the number of keys is the same.
  collection.apply("DELETED", entry("a", 8));
  collection.apply("ADDED", entry("e", 9));
  assert.equal(names(collection), "c6 d2 e9");
});

test("states of lists are kept for a while, and only the last few", () => {
  const collection = new Collection(MAPS, 100, 0);
  const keep = (version: number, now: number): void => {
    collection.apply("ADDED", entry(`m${version}`, version));
    collection.keep(version, collection.sorted(), now);
  };
  keep(1, 0);
  keep(2, 200_000);
  assert.equal(collection.at(1, 299_999)?.length, 1);
  assert.equal(collection.at(1, 300_000), undefined);
  assert.equal(collection.at(2, 300_000)?.length, 2);
  for (let version = 3; version <= 10; version += 1) keep(version, 200_000);
  assert.equal(collection.at(2, 200_000), undefined);
  assert.equal(collection.at(3, 200_000)?.length, 3);
  collection.forget(10);
  assert.equal(collection.at(3, 200_000), undefined);
  assert.equal(collection.at(10, 200_000)?.length, 10);
});

test("watchers are woken once for the changes of one turn", async () => {
  const collection = new Collection(MAPS, 10, 0);
  let woken = 0;
  collection.watchers.add({ wake: () => (woken += 1), close: () => undefined });
  for (let version = 1; version <= 5; version += 1) collection.apply("ADDED", entry(`m${version}`, version));
  await Promise.resolve();
  assert.equal(woken, 1);
});
