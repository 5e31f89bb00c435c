import assert from "node:assert/strict";
import { test } from "node:test";
import { CLUSTER, LISTENER } from "../protocol/index.ts";
import { Leftovers } from "./leftovers.ts";

test("a type that a stream spoke of is replaced, the others stay", () => {
  const leftovers = new Leftovers(10);
  leftovers.keep(
    "e1",
    [CLUSTER, LISTENER],
    new Map([
      [CLUSTER, ["a"]],
      [LISTENER, ["l"]],
    ]),
  );
  leftovers.keep("e1", [CLUSTER], new Map());
  assert.deepEqual(leftovers.of("e1"), new Map([[LISTENER, ["l"]]]));
  leftovers.keep("e1", [LISTENER], new Map());
  assert.equal(leftovers.of("e1").size, 0);
  assert.equal(leftovers.names, 0);
});

test("beyond the limit the peer whose last stream ended first is forgotten", () => {
  const leftovers = new Leftovers(3);
  const one = new Map([[CLUSTER, ["a"]]]);
  leftovers.keep("e1", [CLUSTER], one);
  leftovers.keep("e2", [CLUSTER], one);
  leftovers.keep("e1", [CLUSTER], one);
  leftovers.keep("e3", [CLUSTER], new Map([[CLUSTER, ["a", "b"]]]));
  assert.equal(leftovers.names, 3);
  assert.equal(leftovers.of("e2").size, 0);
  assert.equal(leftovers.of("e1").size, 1);
});

test("one peer's names beyond the limit are not kept", () => {
  const leftovers = new Leftovers(1);
  leftovers.keep("e1", [CLUSTER], new Map([[CLUSTER, ["a", "b"]]]));
  assert.equal(leftovers.names, 0);
});
