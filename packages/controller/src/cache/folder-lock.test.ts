import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { lockFolder } from "./folder-lock.ts";

test("a folder has one owner at a time; one that was killed is none", async () => {
  const folder = mkdtempSync(join(tmpdir(), "carrick-lock-"));
  const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  try {
    await once(other, "spawn");
    const stat = readFileSync(`/proc/${other.pid}/stat`, "utf8");
    const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    lockFolder(folder);
    const [, , space] = readFileSync(join(folder, "owner"), "utf8").trim().split(" ");
    writeFileSync(join(folder, "owner"), `${other.pid} ${start} ${space}\n`);
    assert.throws(
      () => lockFolder(folder),
      /process \d+ writes its copies there; give each replica a folder of its own/,
    );
    other.kill("SIGKILL");
    await once(other, "exit");
    const giveUp = lockFolder(folder);
    giveUp();
    lockFolder(folder)();
  } finally {
    other.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
});

test("a folder that cannot be written is one sentence with the fix", () => {
  assert.throws(
    () => lockFolder("/dev/null/nowhere"),
    /^ConfigError: \/dev\/null\/nowhere: `cache` of the configuration cannot be written/,
  );
});

test("a folder that cannot be made is said at once", () => {
  for (const folder of ["/proc/carrick", "/dev/null/carrick"]) {
    assert.throws(() => lockFolder(folder), /cannot be written \(.*\); choose another folder/);
  }
});
