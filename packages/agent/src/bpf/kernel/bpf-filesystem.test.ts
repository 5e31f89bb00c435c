import assert from "node:assert/strict";
import { mkdirSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { BPF_FILESYSTEM, ensureBpfFilesystem, holdsPins } from "./bpf-filesystem.ts";

test("pins go where the bpf file system is, also into folders that are not there yet", () => {
  ensureBpfFilesystem();
  const folder = join(BPF_FILESYSTEM, `cr-pins-${process.pid}`);
  assert.equal(holdsPins(join(folder, "a", "b")), true);
  mkdirSync(folder);
  try {
    assert.equal(holdsPins(folder), true);
  } finally {
    rmdirSync(folder);
  }
});

test("they do not go elsewhere", () => {
  for (const path of ["/", tmpdir(), join(tmpdir(), "carrick-none", "a")]) assert.equal(holdsPins(path), false, path);
});
