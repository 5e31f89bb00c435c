import assert from "node:assert/strict";
import { test } from "node:test";
import { assert as holds, jsonValue, property, string } from "fast-check";
import { parseWatchEvent } from "./watch-event.ts";

const parse = (value: unknown) => parseWatchEvent(Buffer.from(JSON.stringify(value)));

test("each type of event is read", () => {
  const object = { metadata: { name: "a", resourceVersion: "7" } };
  assert.deepEqual(parse({ type: "ADDED", object }), { type: "put", object });
  assert.deepEqual(parse({ type: "MODIFIED", object }), { type: "put", object });
  assert.deepEqual(parse({ type: "DELETED", object }), { type: "delete", object });
  assert.deepEqual(parse({ type: "ERROR", object: { code: 410 } }), { type: "error", status: { code: 410 } });
  assert.deepEqual(parse({ type: "BOOKMARK", object }), { type: "bookmark", version: "7", initialEnd: false });
});

test("the bookmark that ends a streamed list is told from others", () => {
  const annotations = { "k8s.io/initial-events-end": "true" };
  const end = parse({ type: "BOOKMARK", object: { metadata: { resourceVersion: "7", annotations } } });
  assert.deepEqual(end, { type: "bookmark", version: "7", initialEnd: true });
});

test("what is no event is undefined, whatever it is", () => {
  for (const value of [null, [], "ADDED", {}, { type: "ADDED" }, { type: "ADDED", object: [] }, { object: {} }]) {
    assert.equal(parse(value), undefined);
  }
  assert.equal(parse({ type: "BOOKMARK", object: {} }), undefined, "a bookmark without version marks nothing");
  holds(property(string(), (line) => void parseWatchEvent(Buffer.from(line))));
  holds(property(jsonValue(), (object) => void parse({ type: "BOOKMARK", object })));
});
