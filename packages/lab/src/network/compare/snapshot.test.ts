import assert from "node:assert/strict";
import { test } from "node:test";
import { compareSnapshots, type Snapshot } from "./snapshot.ts";

const empty: Snapshot = {
  namespaces: [],
  links: [],
  routes: [],
  rules: [],
  tables: [],
  pins: [],
  cgroups: [],
  mounts: [],
  files: [],
  processes: [],
};

test("what came and what went is told in sentences, and what comes twice is counted", () => {
  const before = { ...empty, links: ["lo", "eth0"], mounts: ["/run/netns/cr-a"] };
  const after = {
    ...empty,
    links: ["lo"],
    mounts: ["/run/netns/cr-a", "/run/netns/cr-a"],
    processes: ["7 /usr/bin/node"],
  };
  assert.deepEqual(compareSnapshots(before, after), [
    "link eth0 was there before and is gone.",
    "mount /run/netns/cr-a was not there before and is there now.",
    "process 7 /usr/bin/node was not there before and is there now.",
  ]);
  assert.deepEqual(compareSnapshots(before, before), []);
});
