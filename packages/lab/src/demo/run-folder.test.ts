import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openRunFolder } from "./run-folder.ts";

let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "carrick-run-folder-"));
  folder = join(parent, "demo");
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

test("a run has its folders, and leaves only its logs", () => {
  const run = openRunFolder(folder);
  assert.ok(existsSync(run.sockets) && run.sockets.length < 60, run.sockets);
  for (const name of ["files", "data", "cache", "logs"]) mkdirSync(join(folder, name));
  run.remove();
  assert.equal(existsSync(run.sockets), false);
  assert.deepEqual(readdirSync(folder), ["logs"]);
});

test("a second run is refused while the first lives", () => {
  const run = openRunFolder(folder);
  try {
    assert.throws(() => openRunFolder(folder), {
      name: "DemoError",
      message: `${folder}: a demo runs here already as process ${process.pid}; end it with Ctrl-C first`,
    });
  } finally {
    run.remove();
  }
});

test("what a killed run has left is removed", () => {
  const module = JSON.stringify(fileURLToPath(new URL("./run-folder.ts", import.meta.url)));
  const source = `import { openRunFolder } from ${module};
    openRunFolder(${JSON.stringify(folder)}); process.kill(process.pid, "SIGKILL");`;
  const { signal } = spawnSync(process.execPath, ["--conditions=source", "--input-type=module", "-e", source]);
  assert.equal(signal, "SIGKILL");
  const { sockets } = JSON.parse(readFileSync(join(folder, "run.json"), "utf8")) as { sockets: string };
  assert.ok(existsSync(sockets));
  writeFileSync(join(folder, "old"), "");
  const run = openRunFolder(folder);
  assert.equal(existsSync(sockets), false);
  assert.equal(existsSync(join(folder, "old")), false);
  run.remove();
});

test("a pid that is another process by now, a damaged file and a foreign folder in it are no harm", () => {
  const precious = join(parent, "precious");
  mkdirSync(precious);
  for (const text of ["{", "null", JSON.stringify({ pid: process.pid, startTime: "1", sockets: precious })]) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "run.json"), text);
    openRunFolder(folder).remove();
    assert.ok(existsSync(precious));
  }
});
