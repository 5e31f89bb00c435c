import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { EXIT } from "./exit-code.ts";
import { EMPTY_STATUS, answering, captured, json } from "./fixture.ts";
import { VERSION } from "@carrick/core/report";

const CLUSTER = { from: "", state: "fresh", drain: false, weight: 1, kinds: [], problems: [] };
const COMMANDS = [
  "status",
  "explain",
  "service",
  "drain",
  "undrain",
  "doctor",
  "edge bootstrap",
  "crds",
  "completion",
  "version",
];

const tooWide = (text: string): string[] => text.split("\n").filter((line) => line.length > 80);

test("help lists every command, also those that are programs of their own", async () => {
  const { code, stdout, stderr } = await captured(["--help"]);
  assert.deepEqual([code, stderr], [0, ""]);
  const listed = stdout.slice(stdout.indexOf("\nCOMMANDS\n")).matchAll(/^ {2}(\S+) {2}/gm);
  assert.deepEqual(
    new Set(Array.from(listed, (match) => match[1])),
    new Set([...COMMANDS.map((command) => command.split(" ")[0]), "agent", "controller", "lab", "demo"]),
  );
  assert.equal((await captured([])).stdout, stdout);
});

test("the help of every command has examples and exit codes", async () => {
  for (const command of COMMANDS) {
    const { code, stdout } = await captured([...command.split(" "), "--help"]);
    assert.equal(code, 0, command);
    assert.match(stdout, /\nEXAMPLES\n {2}(source )?.*carrick /, command);
    assert.match(stdout, /\nEXIT CODES\n {2}0 {2}\S.*\n {2}(1 {2}.*\n {2})?2 {2}/, command);
    assert.deepEqual(tooWide(stdout), [], command);
  }
  for (const words of [[], ["edge"], ["agent"], ["controller"], ["lab"], ["demo"]]) {
    assert.deepEqual(tooWide((await captured([...words, "--help"])).stdout), [], words.join());
  }
});

test("a command line that cannot be used is one sentence, with a suggestion, and exit 2", async () => {
  const refuses = async (args: string[], sentence: RegExp) => {
    const { code, stdout, stderr } = await captured(args);
    assert.deepEqual([code, stdout], [EXIT.usage, ""], args.join(" "));
    assert.match(stderr, sentence);
    assert.equal(stderr.split("\n").length, 2);
  };
  await refuses(["statsu"], /^carrick: there is no command "statsu"; did you mean status\?$/m);
  await refuses(["zzzzzzzzzzzzzz"], /^carrick: there is no command "zzzzzzzzzzzzzz"; carrick --help lists them$/m);
  await refuses(["edge", "botstrap"], /did you mean bootstrap\?$/m);
  await refuses(["status", "--wacth"], /No flag registered for --wacth, did you mean --watch\?; --help shows/);
  await refuses(["status", "-o", "xml"], /Expected "xml" to be one of \(table\|json\)/);
  await refuses(["status", "extra"], /Too many arguments/);
  await refuses(["explain"], /Expected argument for from/);
  await refuses(["drain", "paris", "--timeout", "soon"], /expected a time as in 500ms, 30s, 2m or 1h/);
  await refuses(["drain", "paris", "--timeout", "0s"], /expected a time/);
  await refuses(["drain", "pa\u001b[2Jris", "--config", "/absent"], /\/absent: cannot be read/);
  await refuses(["completion", "tcsh"], /expected one of bash, zsh, fish/);
  await refuses(["demo"], /demo is another program \(build\/lab\.mjs\); start it with the launcher: \.\/carrick demo/);
});

test("what others wrote cannot control the terminal in an error either", async () => {
  const { stderr } = await captured(["explain", "--controller", "x\u001b[2J://", "https://a"]);
  assert.match(stderr, /"x\\u\{1b\}\[2J:\/\/" is no address/);
});

test("the version is that of the package", async () => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  assert.equal(VERSION, version);
  assert.equal((await captured(["version"])).stdout, `carrick ${VERSION} (Node ${process.versions.node})\n`);
  assert.equal(JSON.parse((await captured(["version", "-o", "json"])).stdout).carrick, VERSION);
});

test("words are completed: commands, flags, shells, clusters, and nothing that is not there", async () => {
  await using controller = await answering(
    json({ ...EMPTY_STATUS, clusters: ["london", "paris"].map((name) => ({ ...CLUSTER, name })) }),
  );
  const env = { CARRICK_CONTROLLER: controller.url };
  const words = async (...partial: string[]) =>
    (await captured(["__complete", ...partial], { env })).stdout.split("\n").slice(0, -1);
  assert.deepEqual(await words("st"), ["status"]);
  assert.deepEqual(await words("edge", ""), ["bootstrap"]);
  assert.deepEqual(await words("completion", "z"), ["zsh"]);
  assert.ok((await words("status", "--w")).includes("--watch"));
  assert.deepEqual(await words("drain", "p"), ["paris"]);
  assert.deepEqual(await words("drain", ""), ["london", "paris"]);
  assert.ok((await words("drain", "--f")).includes("--force"));
  assert.deepEqual(await words("controller", "--c"), ["--config", "--check"]);
  assert.deepEqual(await words("demo", ""), ["1", "2", "3", "4", "5", "6", "7"]);
  assert.deepEqual(await words("demo", "3", "5"), ["5"]);
  assert.deepEqual(await words("lab", "d"), ["demo"]);
  assert.deepEqual(
    (await captured(["__complete", "drain", "lo"], { env: { CARRICK_CONTROLLER: "127.0.0.1:1" } })).stdout,
    "",
  );
  assert.deepEqual(await words("zzz"), []);
});

test("each shell has a script that asks this command", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, stdout } = await captured(["completion", shell]);
    assert.equal(code, 0);
    assert.match(stdout, /__complete/);
  }
});

test("bash asks the very command that is being written, also one that is not in PATH", async () => {
  const folder = mkdtempSync(join(tmpdir(), "carrick-completion-"));
  try {
    const command = join(folder, "carrick");
    writeFileSync(command, '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
    const { stdout } = await captured(["completion", "bash"]);
    const asks = (word: string) => {
      const shell = `${stdout}COMP_WORDS=(${word} status -o); COMP_CWORD=2; _carrick; echo "\${COMPREPLY[@]}"`;
      return execFileSync("bash", ["-c", shell], {
        encoding: "utf8",
        env: { HOME: folder, PATH: process.env["PATH"] },
      });
    };
    assert.equal(asks(command), "__complete status -o\n");
    assert.equal(asks("'~/carrick'"), "__complete status -o\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
