import assert from "node:assert/strict";
import { test } from "node:test";
import { both, parseFieldSelector, parseLabelSelector } from "./selector.ts";

function object(labels: Record<string, string>, fields: Record<string, string> = {}) {
  return { labels, namespace: "shop", name: "cart", fields };
}

test("label selectors", () => {
  const rows: readonly (readonly [string, Record<string, string>, boolean])[] = [
    ["a=b", { a: "b" }, true],
    ["a==b", { a: "c" }, false],
    ["a = b", { a: "b" }, true],
    ["a=", { a: "" }, true],
    ["a!=b", {}, true],
    ["a!=b", { a: "b" }, false],
    ["a in (b, c)", { a: "c" }, true],
    ["a in (b,c),d", { a: "c" }, false],
    ["a notin (b)", {}, true],
    ["a notin (b)", { a: "b" }, false],
    ["a", { a: "" }, true],
    ["!a", { a: "" }, false],
    ["!a", {}, true],
    ["kubernetes.io/service-name=cart", { "kubernetes.io/service-name": "cart" }, true],
    ["constructor", {}, false],
    ["a=b,c=d", { a: "b", c: "d" }, true],
    ["a=b,c=d", { a: "b" }, false],
  ];
  for (const [text, labels, expected] of rows) assert.equal(parseLabelSelector(text)!(object(labels)), expected, text);
  assert.equal(parseLabelSelector(""), undefined);
  for (const wrong of ["a=b=c", "a in b", "(", "a in (b", "=b", "a>1"]) {
    assert.throws(() => parseLabelSelector(wrong), { code: 400 }, wrong);
  }
});

test("field selectors", () => {
  const fields = ["type", "spec.nodeName"];
  const matches = (text: string) =>
    parseFieldSelector(text, fields)!(object({}, { type: "a", "spec.nodeName": "n=1" }));
  for (const text of [
    "metadata.name=cart",
    "metadata.namespace==shop",
    "type=a",
    "type!=b,metadata.name=cart",
    "spec.nodeName=n=1",
  ]) {
    assert.equal(matches(text), true, text);
  }
  for (const text of ["metadata.name=other", "type!=a", "type="]) assert.equal(matches(text), false, text);
  assert.equal(parseFieldSelector("", fields), undefined);
  for (const wrong of ["spec.other=a", "type", "=a"])
    assert.throws(() => parseFieldSelector(wrong, fields), { code: 400 }, wrong);
});

test("two selectors together", () => {
  const yes = () => true;
  const no = () => false;
  assert.equal(both(undefined, yes), yes);
  assert.equal(both(no, undefined), no);
  assert.equal(both(yes, no)!(object({})), false);
  assert.equal(both(undefined, undefined), undefined);
});
