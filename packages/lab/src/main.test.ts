import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

const PROGRAMS = "demo, api-server, backend, relay, up, down, status, exec, cut, heal";

function lab(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=source", MAIN, ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

test("every program of the lab has help, in 80 columns, and does nothing then", () => {
  const network = ["up", "down", "status", "exec", "cut", "heal"].map((name) => [name, "--help"]);
  for (const args of [["--help"], ["demo", "--help"], ["api-server", "--help"], ["backend", "-h"], ...network]) {
    const { status, stdout, stderr } = lab(...args);
    assert.deepEqual([status, stderr], [0, ""], args.join(" "));
    assert.match(stdout, /^carrick \S/);
    assert.deepEqual(
      stdout.split("\n").filter((line) => line.length > 80),
      [],
    );
  }
});

test("no program is the help and exit 2, an unknown one a sentence", () => {
  const { status, stdout, stderr } = lab();
  assert.deepEqual([status, stdout, stderr], [2, "", lab("--help").stdout]);
  for (const name of ["run", "toString"]) {
    assert.deepEqual(lab(name), {
      status: 2,
      stdout: "",
      stderr: `lab: "${name}" is no program of the lab; the programs are ${PROGRAMS}\n`,
    });
  }
});
