import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { after, test } from "node:test";
import { findEnvoy } from "./binary.ts";
import { startEnvoy } from "./envoy.ts";

const dir = mkdtempSync(join(tmpdir(), "carrick-envoy-test-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const bootstrap = {
  node: { id: "e1", cluster: "edge" },
  static_resources: {
    clusters: [
      { name: "nowhere", type: "STATIC", connect_timeout: "1s", load_assignment: { cluster_name: "nowhere" } },
    ],
  },
};

test("starts, answers on a private socket, gives figures, stops", async () => {
  await using envoy = await startEnvoy({ name: "one", bootstrap, dir, drainTimeSeconds: 1 });
  await envoy.ready();
  assert.equal(statSync(envoy.adminSocket).mode & 0o777, 0o600);
  assert.equal((await envoy.stats(/^cluster_manager\./)).get("cluster_manager.active_clusters"), 1);
  assert.match(JSON.stringify(await envoy.configDump("static_clusters")), /nowhere/);
  assert.ok(envoy.rssBytes() > 10 * 1024 * 1024);
  const cpu = envoy.cpuByThread();
  assert.ok(cpu.get("main")! > 0);
  assert.ok([...cpu.keys()].some((name) => name.startsWith("wrk:")));
  assert.deepEqual(await envoy.stop(), { code: 0, signal: null });
  assert.equal(existsSync(envoy.adminSocket), false);
});

test("its socket lies in its folder, which whoever made it removes; of a long path in the one for temporary files", async () => {
  const long = join(dir, "x".repeat(100));
  for (const [folder, parent] of [
    [dir, dir],
    [long, tmpdir()],
  ] as const) {
    await using envoy = await startEnvoy({ name: "socket", bootstrap, dir: folder });
    await envoy.ready();
    assert.equal(dirname(dirname(envoy.adminSocket)), parent);
    await envoy.kill();
    assert.equal(existsSync(dirname(envoy.adminSocket)), false);
  }
});

test("two run beside each other; one is killed", async () => {
  await using first = await startEnvoy({ name: "first", bootstrap, dir });
  await using second = await startEnvoy({ name: "second", bootstrap, dir });
  await Promise.all([first.ready(), second.ready()]);
  assert.deepEqual(await first.kill(), { code: null, signal: "SIGKILL" });
  assert.equal((await second.admin("/ready")).body.trim(), "LIVE");
});

test("a bootstrap that Envoy refuses is an error with its own words", async () => {
  await using envoy = await startEnvoy({ name: "bad", bootstrap: { no_such_field: 1 }, dir });
  await assert.rejects(envoy.ready(), /bad\.log: Envoy ended before it was ready: .*no_such_field/);
});

test("a missing binary is one sentence with path, reason and fix", async () => {
  await assert.rejects(startEnvoy({ name: "none", bootstrap, dir, binary: join(dir, "absent") }), {
    name: "EnvoyError",
    message: `${join(dir, "absent")}: no such file; set ENVOY to an Envoy 1.40 binary, or run \`make setup\``,
  });
  writeFileSync(join(dir, "plain"), "", { mode: 0o600 });
  assert.throws(() => findEnvoy(undefined, { ENVOY: dir }), /\(from ENVOY\): is not a file; set ENVOY/);
});

test("Envoy ends when its parent is killed", async () => {
  const program = `
    import { startEnvoy } from ${JSON.stringify(fileURLToPath(new URL("./envoy.ts", import.meta.url)))};
    const envoy = await startEnvoy({ name: "child", bootstrap: ${JSON.stringify(bootstrap)}, dir: ${JSON.stringify(dir)} });
    await envoy.ready();
    process.stdout.write(envoy.pid + "\\n");
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["--conditions=source", "--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: parent.stdout }), "line");
  const pid = Number(line);
  assert.ok(existsSync(`/proc/${pid}`));
  parent.kill("SIGKILL");
  const deadline = performance.now() + 10_000;
  while (existsSync(`/proc/${pid}`)) {
    assert.ok(performance.now() < deadline, `Envoy ${pid} outlived its parent`);
    await delay(5);
  }
});
