import assert from "node:assert/strict";
import { test } from "node:test";
import { WatchEvent } from "./entry.ts";
import { History } from "./history.ts";

function event(version: number): WatchEvent {
  const entry = {
    key: "k",
    namespace: undefined,
    name: "k",
    labels: undefined,
    fields: undefined,
    version,
    json: "{}",
  };
  return new WatchEvent("ADDED", entry, undefined);
}

test("the ring keeps the last events and knows what it has forgotten, over many turns and a compaction", () => {
  const history = new History(4, 10);
  let forgottenUpTo = 10;
  const known: number[] = [];
  for (let version = 11; version < 60; version += 2) {
    history.push(event(version));
    known.push(version);
    if (known.length > 4) forgottenUpTo = known.shift()!;
    if (version === 31) {
      history.forget(version);
      known.length = 0;
      forgottenUpTo = version;
    }
    assert.deepEqual(
      Array.from({ length: known.length }, (_, i) => history.at(history.first + i).version),
      known,
    );
    assert.equal(history.forgotten, forgottenUpTo);
    assert.equal(history.next - history.first, known.length);
    for (let from = forgottenUpTo; from <= version; from += 1) {
      const after = known.filter((one) => one > from);
      const position = history.after(from);
      assert.equal(history.next - position, after.length);
      if (after.length > 0) assert.equal(history.at(position).version, after[0]);
    }
  }
});

test("a position that is kept stays the same event's while others come", () => {
  const history = new History(3);
  for (let version = 1; version <= 3; version += 1) history.push(event(version));
  const position = history.after(2);
  history.push(event(4));
  assert.equal(history.at(position).version, 3);
});
