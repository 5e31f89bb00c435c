import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";
import { type Program, type ProgramOptions, startProgram } from "./program.ts";
import { Restartable } from "./restartable.ts";
import { spawnTied } from "./tied-child.ts";

const folder = mkdtempSync(join(tmpdir(), "carrick-process-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const WAITS = `setInterval(() => {}, 1000); console.error("to the log"); console.log("noise\\nready 7");`;

function options(name: string, source: string, more: Partial<ProgramOptions<number>> = {}): ProgramOptions<number> {
  const ready = (line: string): number | undefined => {
    const [, value] = /^ready (\d+)$/.exec(line) ?? [];
    return value === undefined ? undefined : Number(value);
  };
  return { name, command: process.execPath, args: ["-e", source], logFolder: folder, ready, ...more };
}

function start(name: string, source = WAITS): Promise<Program<number>> {
  return startProgram(options(name, source));
}

test("a program is ready when its line comes, is logged, and ends when it is told to", async () => {
  await using program = await start("plain");
  assert.equal(program.announced, 7);
  assert.ok(program.alive());
  assert.deepEqual(await program.stop(), { code: null, signal: "SIGTERM" });
  assert.equal(program.alive(), false);
  assert.deepEqual(readFileSync(program.logPath, "utf8").trim().split("\n").sort(), ["noise", "ready 7", "to the log"]);
});

test("a program that ends before its line is an error with its last words, and so is one that says nothing", async () => {
  const log = join(folder, "ends.log");
  await assert.rejects(start("ends", `console.error("no such port"); process.exit(3);`), {
    name: "ProcessError",
    message: `${log}: ends ended before it was ready (code 3); its last line: no such port`,
  });
  await assert.rejects(
    startProgram(options("silent", "setInterval(() => {}, 1000)", { readyTimeoutMs: 50 })),
    /silent\.log: silent was not ready within 50 ms; its last line: \(nothing was printed\)/,
  );
  await assert.rejects(start("endless", `process.stdout.write("x".repeat(70000)); setInterval(() => {}, 1000)`), {
    message: /printed 65536 characters without a line's end/,
  });
  await assert.rejects(startProgram({ ...options("absent", ""), command: join(folder, "absent") }), /code 127/);
});

test("a restart is another process with the same log; it is refused while the last one lives", async () => {
  const program = await Restartable.start(() => start("twice"));
  try {
    const first = program.now.pid;
    await assert.rejects(program.again(), /twice: process \d+ still lives; end it before a restart/);
    await program.kill();
    assert.equal(program.now.alive(), false);
    const second = await program.again();
    assert.notEqual(second.pid, first);
    assert.equal(program.now, second);
    assert.equal(readFileSync(second.logPath, "utf8").match(/ready 7/g)?.length, 2);
  } finally {
    await program.kill();
  }
});

test("a restart that gives the same process is refused", async () => {
  const same = { name: "same", pid: 1, alive: () => false, kill: async () => {}, stop: async () => {} };
  const restartable = await Restartable.start(async () => same);
  await assert.rejects(restartable.again(), /same: restarted as the same process 1, so it never ended/);
});

test("a program that ignores SIGTERM is killed", async () => {
  const tied = await spawnTied({
    command: process.execPath,
    args: ["-e", `process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("ready");`],
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(tied.child.stdout!, "data");
  assert.deepEqual(await tied.stop(20), { code: null, signal: "SIGKILL" });
});

test("programs end when their parent is killed", async () => {
  const source = `
    import { startProgram } from ${JSON.stringify(fileURLToPath(new URL("./program.ts", import.meta.url)))};
    const program = await startProgram({ name: "orphan", command: process.execPath,
      args: ["-e", ${JSON.stringify(WAITS)}], logFolder: ${JSON.stringify(folder)}, ready: (line) => line || undefined });
    console.log(program.pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["--conditions=source", "--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: parent.stdout }), "line");
  const orphan = `/proc/${Number(line)}`;
  assert.ok(existsSync(orphan));
  parent.kill("SIGKILL");
  const deadline = performance.now() + 10_000;
  while (existsSync(orphan)) {
    assert.ok(performance.now() < deadline, `${orphan} outlived its parent`);
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test("a free port is free on every address; a preferred one is taken while nobody has it", async () => {
  const addresses = ["127.77.0.1", "127.77.0.2"];
  const preferred = await freePort(addresses);
  assert.equal(await freePort(addresses, [preferred]), preferred);
  const server = createServer().listen(preferred, addresses[1]);
  await once(server, "listening");
  try {
    const other = await freePort(addresses, [preferred]);
    assert.notEqual(other, preferred);
    assert.ok(other >= 20_000 && other < 32_000);
  } finally {
    server.close();
  }
  await assert.rejects(
    freePort(["192.0.2.1"]),
    /192\.0\.2\.1: cannot be listened on: .*give an address of this machine/,
  );
});
