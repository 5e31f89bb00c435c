import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { cgroup2Root, isCgroup2 } from "./cgroup2.ts";

const V1 = "39 31 0:36 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n";

test("the tree is found beside those of version 1, and where its path has blanks", () => {
  assert.equal(
    cgroup2Root(`${V1}41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n`),
    "/sys/fs/cgroup/unified",
  );
  assert.equal(cgroup2Root("41 31 0:38 / /a\\040b rw shared:1 - cgroup2 none rw\n"), "/a b");
});

test("a subtree that is mounted somewhere is not the tree; none is an error with its remedy", () => {
  assert.throws(
    () => cgroup2Root(`${V1}41 31 0:38 /pod /sub rw - cgroup2 none rw\n`),
    /no cgroup2 file system is mounted/,
  );
});

test("a folder of the tree is told from others, and from what is not there", () => {
  assert.equal(isCgroup2(cgroup2Root()), true);
  assert.equal(isCgroup2(tmpdir()), false);
  assert.equal(isCgroup2(`${cgroup2Root()}/cr-none`), false);
});
