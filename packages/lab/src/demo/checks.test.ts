import assert from "node:assert/strict";
import { test } from "node:test";
import { type Check, CheckFailed, Checks } from "./checks.ts";

function recorded() {
  const seen: Check[] = [];
  const said: string[] = [];
  return { seen, said, checks: new Checks({ now: (what) => said.push(what), check: (check) => seen.push(check) }) };
}

test("each claim gives its figure beside its bound, and ends the step where it does not hold", () => {
  const cases: readonly (readonly [(checks: Checks) => void, figure: string, bound: string, met: boolean])[] = [
    [(checks) => checks.atMost("c", 1234.56, 2000, "ms"), "1,234.6 ms", "≤ 2,000 ms", true],
    [(checks) => checks.atMost("c", 2001, 2000, "ms"), "2,001 ms", "≤ 2,000 ms", false],
    [(checks) => checks.atLeast("c", 1, 1, ""), "1", "≥ 1", true],
    [(checks) => checks.atLeast("c", 0, 1, ""), "0", "≥ 1", false],
    [(checks) => checks.between("c", 5, 1, 9, "B"), "5 B", "1 to 9 B", true],
    [(checks) => checks.between("c", 0, 1, 9, "B"), "0 B", "1 to 9 B", false],
    [(checks) => checks.exactly("c", 0, 0), "0", "0", true],
    [(checks) => checks.exactly("c", "RDS 3", "none"), "RDS 3", "none", false],
    [(checks) => checks.near("c", 70.6, 200 / 3, 4, "%"), "70.6 %", "66.7 % ± 4", true],
    [(checks) => checks.near("c", 62.6, 200 / 3, 4, "%"), "62.6 %", "66.7 % ± 4", false],
    [(checks) => checks.atMost("c", Number.NaN, 1, "ms"), "NaN ms", "≤ 1 ms", false],
    [(checks) => checks.holds("c", false, "not there", "there"), "not there", "there", false],
  ];
  for (const [claim, figure, bound, met] of cases) {
    const { seen, checks } = recorded();
    if (met) claim(checks);
    else assert.throws(() => claim(checks), new CheckFailed(`c: ${figure}, but it has to be ${bound}`));
    assert.deepEqual(
      seen.map((check) => [check.claim, check.figure, check.bound, check.met]),
      [["c", figure, bound, met]],
    );
  }
});

test("a condition is waited for; while it throws it does not hold", async () => {
  const { seen, checks } = recorded();
  let asked = 0;
  await checks.within("c", 10_000, () => {
    asked++;
    if (asked === 1) throw new Error("connection refused");
    return asked === 3;
  });
  assert.equal(asked, 3);
  assert.equal(seen[0]?.met, true);
  const refused = (): boolean => {
    throw new Error("connection refused");
  };
  await assert.rejects(
    checks.within("d", 20, refused),
    /d: not within [\d.]+ ms \(connection refused\), but it has to/,
  );
});
