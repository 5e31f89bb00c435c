import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "carrick-apiserver-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

function start(t: TestContext, ...argv: readonly string[]) {
  const child = spawn(process.execPath, ["--conditions=source", MAIN, ...argv], { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  const closed = once(child, "close");
  let errors = "";
  child.stderr.on("data", (chunk) => (errors += String(chunk)));
  return {
    child,
    ready: async () => JSON.parse(String((await once(createInterface(child.stdout), "line"))[0])),
    ended: async () => {
      const [code] = await closed;
      return { code: code as number | null, errors };
    },
  };
}

function config(t: TestContext, value: object): string {
  const path = join(folder(t), "config.json");
  writeFileSync(path, JSON.stringify(value));
  return path;
}

test("a process says where it listens, and its objects outlive its being killed", async (t) => {
  const home = folder(t);
  writeFileSync(join(home, "tokens"), "secret\n");
  const path = config(t, { name: "paris", tokenFile: join(home, "tokens"), dataFile: join(home, "objects") });
  const first = start(t, "--config", path);
  const { name, url, port } = await first.ready();
  assert.deepEqual([name, url], ["paris", `http://127.0.0.1:${port}`]);
  const headers = { authorization: "Bearer secret", "content-type": "application/json" };
  const maps = `${url}/api/v1/namespaces/shop/configmaps`;
  assert.equal((await fetch(maps)).status, 401);
  const created = await fetch(maps, { method: "POST", headers, body: JSON.stringify({ metadata: { name: "a" } }) });
  const object = await created.json();
  first.child.kill("SIGKILL");
  await first.ended();
  const second = start(
    t,
    "--config",
    JSON.stringify({ name: "paris", port, tokenFile: join(home, "tokens"), dataFile: join(home, "objects") }),
  );
  assert.equal((await second.ready()).port, port);
  assert.deepEqual(await (await fetch(`${maps}/a`, { headers })).json(), object);
  second.child.kill("SIGTERM");
  assert.deepEqual(await second.ended(), { code: 0, errors: "" });
});

test("a configuration that is wrong: one sentence on standard error, and exit code 2", async (t) => {
  const { code, errors } = await start(t, "--config", '{"name":"x","colour":"red"}').ended();
  assert.match(errors, /^apiserver: --config: colour: is not known: use name, address, .*\n$/);
  assert.equal(code, 2);
});

test("a port that is taken: exit code 1", async (t) => {
  const first = start(t, "--config", '{"name":"a"}');
  const { port } = await first.ready();
  const { code, errors } = await start(t, "--config", JSON.stringify({ name: "b", port })).ended();
  assert.equal(code, 1);
  assert.match(errors, /EADDRINUSE/);
});
