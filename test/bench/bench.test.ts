import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { BENCHMARKS } from "../../bench/benchmarks.ts";
import { recorded } from "../../bench/report/records.ts";

const run = promisify(execFile);
const script = join(import.meta.dirname, "..", "..", "scripts", "bench");
const out = mkdtempSync(join(tmpdir(), "carrick-bench-test-"));
after(() => rmSync(out, { recursive: true, force: true }));

// What they say is no test's business: figures of small worlds on a busy machine.
for (const name of Object.keys(BENCHMARKS)) {
  test(`${name} measures: every figure is there and is a number`, async () => {
    const { stdout } = await run(script, [name, "--quick", "--out", out]);
    const rows = recorded(out, name) ?? [];
    assert.ok(rows.length > 0);
    for (const row of rows) {
      assert.equal(row.bench, name);
      assert.ok(Number.isFinite(row.measured), row.what);
      assert.equal(row.met, row.goal === null || row.isVoid === true ? null : row.measured <= row.goal, row.what);
      assert.match(row.commit, /^([0-9a-f]{12}\+?|unknown)$/);
      assert.ok(stdout.includes(row.what), row.what);
    }
    const names = rows.map((row) => row.what);
    assert.equal(new Set(names).size, names.length, "each figure has a name of its own");
  });
}

test("what must not depend on the machine is measured right", () => {
  const row = (bench: string, what: RegExp) => recorded(out, bench)!.find((one) => what.test(one.what))!;
  assert.equal(row("restart", /^unchanged resources sent/).measured, 0);
  assert.equal(row("costs", /^updates of listeners/).measured, 0);
  assert.equal(row("costs", /^endpoint replaced, 1 of 100: .*bytes$/).met, true);
});

test("an unknown name is refused", async () => {
  await assert.rejects(run(script, ["B99"]), (error: Error & { code?: number; stderr?: string }) => {
    assert.equal(error.code, 2);
    assert.equal(
      error.stderr,
      `bench: there is no benchmark B99; the benchmarks are ${Object.keys(BENCHMARKS).join(", ")}\n`,
    );
    return true;
  });
});
