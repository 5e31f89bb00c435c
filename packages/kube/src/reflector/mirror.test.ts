import assert from "node:assert/strict";
import { test } from "node:test";
import { assert as holds, jsonValue, property } from "fast-check";
import { type Fields, text } from "../shape.ts";
import { Mirror } from "./mirror.ts";

function object(key: string, resourceVersion: string, more: object = {}) {
  const [namespace, name] = key.includes("/") ? key.split("/") : [undefined, key];
  return { metadata: { ...(namespace === undefined ? {} : { namespace }), name, resourceVersion }, ...more };
}

/** A mirror whose values are texts, and what it told: `a=1` for a put, `-a` for a removal, `|` between two flushes. */
function mirror(project = (fields: Fields): string => text(fields["spec"]) ?? "", maxObjects = 100) {
  const told: string[] = [];
  const malformed: string[] = [];
  const made = new Mirror<string>({
    project,
    maxObjects,
    apply: (changes) => {
      told.push(changes.map((one) => ("deleted" in one ? `-${one.key}` : `${one.key}=${one.value}`)).join(" "));
    },
    onMalformed: (reason) => malformed.push(reason),
  });
  return { made, told, malformed };
}

test("changes are told in their order, together at each flush", () => {
  const { made, told } = mirror();
  made.put(object("shop/a", "1", { spec: "x" }));
  made.put(object("b", "2", { spec: "y" }));
  made.remove(object("shop/a", "3"));
  made.put(object("shop/a", "4", { spec: "z" }));
  made.flush();
  made.flush();
  assert.deepEqual(told, ["shop/a=x b=y -shop/a shop/a=z"]);
});

test("a version that was told is not told again, nor projected", () => {
  let projected = 0;
  const { made, told } = mirror(() => String((projected += 1)));
  made.put(object("a", "1"));
  made.put(object("a", "1"));
  made.flush();
  assert.deepEqual([told, projected], [["a=1"], 1]);
});

test("removing what was never told is nothing", () => {
  const { made, told } = mirror();
  made.remove(object("a", "1"));
  made.flush();
  assert.deepEqual(told, []);
});

test("a list tells only what differs, and what it does not show", () => {
  const { made, told } = mirror();
  for (const key of ["a", "b", "c", "d"]) made.put(object(key, "1", { spec: "old" }));
  made.flush();
  made.beginList();
  made.list(object("a", "1"));
  made.list(object("b", "2", { spec: "new" }));
  made.list(object("e", "1", { spec: "new" }));
  for (const key of made.endList()) made.forget(key);
  made.flush();
  assert.deepEqual(told, ["a=old b=old c=old d=old", "b=new e=new -c -d"]);
});

test("a list that is begun again forgets what the first showed", () => {
  const { made } = mirror();
  made.put(object("a", "1"));
  made.beginList();
  made.list(object("a", "1"));
  made.beginList();
  assert.deepEqual(made.endList(), ["a"]);
});

test("an object that a list shows twice is used once, and reported", () => {
  const { made, told, malformed } = mirror();
  made.put(object("old", "1", { spec: "x" }));
  made.beginList();
  for (const key of ["a", "old"]) {
    made.list(object(key, "1", { spec: "x" }));
    made.list(object(key, "2", { spec: "y" }));
  }
  made.flush();
  assert.deepEqual(told, ["old=x a=x"]);
  assert.deepEqual(malformed, [
    "a stands in the list twice; the first is used",
    "old stands in the list twice; the first is used",
  ]);
});

test("an object that cannot be told from others is passed over and reported without its content", () => {
  const { made, told, malformed } = mirror();
  const bad = [
    null,
    7,
    [],
    {},
    { metadata: {} },
    { metadata: { name: "hunter2/x" } },
    object("x", ""),
    object("x", 7 as never),
  ];
  for (const one of [...bad, { metadata: { name: "x".repeat(254), resourceVersion: "1" } }]) {
    made.put(one);
    made.list(one);
    made.remove(one);
  }
  made.put({ metadata: { namespace: "hunter2/x", name: "a", resourceVersion: "1" } });
  made.flush();
  assert.deepEqual(told, []);
  assert.equal(malformed.length, 9 * 3 + 1);
  assert.doesNotMatch(malformed.join(), /hunter2/);
});

test("an object that cannot be read keeps its last value, and its neighbours go through", () => {
  const { made, told, malformed } = mirror((fields) => {
    if (fields["spec"] === "bad") throw new TypeError("hunter2");
    return String(fields["spec"]);
  });
  made.put(object("a", "1", { spec: "good" }));
  made.put(object("a", "2", { spec: "bad" }));
  made.put(object("b", "3", { spec: "good" }));
  made.beginList();
  made.list(object("a", "2", { spec: "bad" }));
  made.list(object("b", "3"));
  assert.deepEqual(made.endList(), []);
  made.flush();
  assert.deepEqual(told, ["a=good b=good"]);
  assert.deepEqual(malformed, ["a cannot be read (TypeError)", "a cannot be read (TypeError)"]);
});

test("more objects than the bound are refused; those that are known still change", () => {
  const { made, told } = mirror(undefined, 2);
  made.put(object("a", "1", { spec: "x" }));
  made.put(object("b", "1", { spec: "x" }));
  assert.throws(() => made.put(object("c", "1")), { reason: "TooLarge" });
  made.put(object("a", "2", { spec: "y" }));
  made.flush();
  assert.deepEqual(told, ["a=x b=x a=y"]);
});

test("whatever is sent in place of objects, nothing throws", () => {
  holds(
    property(jsonValue(), jsonValue(), (metadata, whole) => {
      const { made } = mirror();
      for (const one of [whole, { metadata }]) {
        made.put(one);
        made.list(one);
        made.remove(one);
      }
      made.flush();
    }),
  );
});
