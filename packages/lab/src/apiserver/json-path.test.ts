import assert from "node:assert/strict";
import { test } from "node:test";
import { at, compileJsonPath, textAt } from "./json-path.ts";

const OBJECT = {
  metadata: { name: "a", labels: { "app.example/x": "y" } },
  list: [{ n: 1 }, { n: 2 }],
  status: {
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Other", status: "False" },
    ],
  },
};

test("the paths of printed columns", () => {
  const rows: readonly (readonly [string, readonly unknown[]])[] = [
    [".metadata.name", ["a"]],
    ["metadata.name", ["a"]],
    [".metadata.labels['app.example/x']", ["y"]],
    [".metadata.labels.app\\.example/x", ["y"]],
    [".list[0].n", [1]],
    [".list[-1].n", [2]],
    [".list[5].n", []],
    [".list[*].n", [1, 2]],
    [".list.*.n", [1, 2]],
    ['.status.conditions[?(@.type=="Ready")].status', ["True"]],
    [".status.conditions[?(@.type=='None')].status", []],
    [".none.at.all", []],
    [".metadata.constructor", []],
  ];
  for (const [path, expected] of rows) {
    assert.deepEqual(compileJsonPath(path)!(OBJECT), expected, path);
  }
});

test("a path that is not understood is none", () => {
  for (const path of ["..name", ".a[?(@.b>1)]", ".a[", "['a", ".a[1:2]"])
    assert.equal(compileJsonPath(path), undefined, path);
});

test("values at paths of fields", () => {
  assert.deepEqual(at(OBJECT, ["list"]), OBJECT.list);
  assert.equal(at(OBJECT, ["metadata", "name", "length"]), undefined);
  assert.equal(at(OBJECT, ["toString"]), undefined);
  assert.equal(textAt({ a: 1, b: true, c: null, d: {} }, ["a"]), "1");
  assert.equal(textAt({ a: 1, b: true, c: null, d: {} }, ["b"]), "true");
  assert.equal(textAt({ c: null }, ["c"]), undefined);
  assert.equal(textAt({ d: {} }, ["d"]), undefined);
});
