import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { allEnded, CHECKOUT, DemoProcess, leftInRunFolder, readFigures, socketFolders } from "./demo-process.ts";

const CI = { CI: "true", DEMO_FAULT: "" };
/** Without root the mesh's part is left out. */
const STEPS = process.getuid?.() === 0 ? 15 : 7;
/** The demo, 2 API servers, 5 pods in 5 processes, 2 replicas, 2 Envoys. */
const PROCESSES = 1 + 2 + 5 + 2 + 2;

test("a demo that is killed takes its processes with it; the next cleans up, and every check of it holds", async () => {
  const before = socketFolders();
  const killed = new DemoProcess(["1"], CI);
  await killed.says(/✓ both Envoys serve/);
  const orphans = killed.family();
  assert.ok(orphans.length >= PROCESSES, `${orphans.length} processes`);
  const second = new DemoProcess(["1"], CI);
  assert.equal(await second.exited(), 2, second.output);
  assert.match(second.output, /\.lab\/demo: a demo runs here already as process \d+; end it with Ctrl-C first/);
  killed.kill();
  await allEnded(orphans);
  assert.equal(socketFolders().length, before.length + 1, "a killed demo cannot remove its folder");

  const demo = new DemoProcess([], CI);
  await demo.says(/✓ both Envoys serve/);
  const family = demo.family();
  assert.equal(await demo.exited(), 0, demo.output);
  const figures = readFigures();
  assert.equal(figures.ok, true);
  assert.deepEqual(
    figures.steps.map(({ step, ok }) => [step, ok]),
    Array.from({ length: STEPS }, (_, i) => [i + 1, true]),
  );
  for (const { checks } of figures.steps) assert.ok(checks.length > 0 && checks.every(({ met }) => met));
  await allEnded(family);
  assert.deepEqual(socketFolders(), before);
  assert.deepEqual(leftInRunFolder(), []);
});

test("on a terminal it stays up and says what to try, until Ctrl-C", async () => {
  const before = socketFolders();
  const demo = new DemoProcess(["1"], { CI: "", DEMO_FAULT: "", NO_COLOR: "1" }, true);
  await demo.says(/It stays up until Ctrl-C[\s\S]*curl -H 'Host: shop\.example' http:[\s\S]*\.\/carrick drain paris/);
  const family = demo.family();
  assert.ok(family.length >= PROCESSES, `${family.length} processes`);
  demo.pressCtrlC();
  assert.equal(await demo.exited(), 0, demo.output);
  await allEnded(family);
  assert.deepEqual(socketFolders(), before);
  assert.deepEqual(leftInRunFolder(), []);
});

test("Ctrl-C while it starts leaves nothing either", async () => {
  const before = socketFolders();
  const demo = new DemoProcess(["1"], { CI: "", DEMO_FAULT: "", NO_COLOR: "1" }, true);
  await demo.says(/Start-up/);
  const family = demo.family();
  demo.pressCtrlC();
  assert.equal(await demo.exited(), 130, demo.output);
  await allEnded(family);
  assert.deepEqual(socketFolders(), before);
  assert.deepEqual(leftInRunFolder(), []);
});

test("an argument that is no step, and a fault of no step, are one sentence and exit code 2", async () => {
  const argument = new DemoProcess(["eight"], CI);
  assert.equal(await argument.exited(), 2);
  assert.equal(argument.output, 'lab demo: "eight" is no step; give numbers from 1 to 15, or nothing for all\n');
  const fault = new DemoProcess([], { ...CI, DEMO_FAULT: "16" });
  assert.equal(await fault.exited(), 2);
  assert.equal(fault.output, 'DEMO_FAULT: "16" is no step of the demo; give a number from 1 to 15\n');
});

test("without root a step of the mesh is refused with the reason", () => {
  const nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
  const { status, stdout } = spawnSync("setpriv", [...nobody, join(CHECKOUT, "carrick"), "demo", "8"], {
    encoding: "utf8",
    env: { ...process.env, ...CI },
  });
  assert.equal(status, 2);
  assert.match(stdout, /^lab demo: step 8: the mesh needs root: run it again as root /);
});
