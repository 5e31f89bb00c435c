import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import * as fc from "fast-check";
import { CLUSTER_LIMIT, ClusterIndexes } from "./cluster-indexes.ts";

let folder: string;
let path: string;

before(() => void (folder = mkdtempSync(join(tmpdir(), "carrick-indexes-"))));
after(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  path = join(folder, "clusters");
  rmSync(path, { force: true });
});

test("each cluster has a number of its own from 1, and has it after a restart too", () => {
  const first = new ClusterIndexes(path);
  assert.deepEqual(
    ["london", "paris", "london"].map((name) => first.of(name)),
    [1, 2, 1],
  );
  const second = new ClusterIndexes(path);
  assert.deepEqual(
    ["oslo", "paris", "london"].map((name) => second.of(name)),
    [3, 2, 1],
  );
});

test("a line that was not wholly written was given to nobody, and does not become part of the next", () => {
  writeFileSync(path, "london\nmünch");
  const indexes = new ClusterIndexes(path);
  assert.deepEqual([indexes.of("paris"), indexes.of("london")], [2, 1]);
  assert.equal(readFileSync(path, "utf8"), "london\nparis\n");
  assert.equal(new ClusterIndexes(path).of("paris"), 2);
});

test("a name that is there twice has its first number, and nobody else has the second", () => {
  writeFileSync(path, "london\nlondon\nparis\n");
  const indexes = new ClusterIndexes(path);
  assert.deepEqual(
    ["london", "paris", "oslo"].map((name) => indexes.of(name)),
    [1, 3, 4],
  );
});

test("with more clusters than the kernel has room for, those beyond have no number, and the others keep theirs", () => {
  const names = Array.from({ length: CLUSTER_LIMIT }, (_, i) => `c${i}`);
  writeFileSync(path, `${names.join("\n")}\n`);
  const indexes = new ClusterIndexes(path);
  assert.equal(indexes.of("one-more"), undefined);
  assert.deepEqual([indexes.of("c0"), indexes.of(names.at(-1)!)], [1, CLUSTER_LIMIT]);
  assert.equal(readFileSync(path, "utf8").split("\n").length, CLUSTER_LIMIT + 1);
});

test("a number that cannot be kept is not given", () => {
  const indexes = new ClusterIndexes(join(folder, "nowhere", "clusters"));
  assert.throws(() => indexes.of("london"), /ENOENT.*nowhere/);
  assert.throws(() => new ClusterIndexes(folder), /EISDIR/);
});

test("whatever is asked between restarts that tear the last line, no two clusters have one number", () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom("a", "bb", "ccc", "d-d", "e1", "f") },
    { weight: 1, arbitrary: fc.constant("\n") },
    { weight: 1, arbitrary: fc.constant("\ntorn") },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      rmSync(path, { force: true });
      const given = new Map<string, number>();
      let indexes = new ClusterIndexes(path);
      for (const step of steps) {
        if (step.startsWith("\n")) {
          if (step === "\ntorn") writeFileSync(path, "tor", { flag: "a" });
          indexes = new ClusterIndexes(path);
          continue;
        }
        const index = indexes.of(step)!;
        assert.equal(index, given.get(step) ?? given.size + 1);
        given.set(step, index);
      }
    }),
    { seed: 7 },
  );
});
