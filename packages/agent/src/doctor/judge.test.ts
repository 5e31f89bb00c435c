import assert from "node:assert/strict";
import { test } from "node:test";
import { exitCode, judge } from "./judge.ts";
import { type Finding, type Findings, NEEDS } from "./needs.ts";

const ALL_MET = Object.fromEntries(Object.keys(NEEDS).map((name) => [name, { met: name }])) as Findings;

function levels(findings: Findings, pods: "yes" | "no" | "maybe" = "maybe"): string[] {
  return judge({ ...ALL_MET, ...findings }, pods).flatMap(({ level }) => (level === "ok" ? [] : [level]));
}

test("a node that has everything is well, and nothing needs a fix", () => {
  const checks = judge(ALL_MET, "yes");
  assert.equal(checks.length, Object.keys(NEEDS).length);
  assert.deepEqual(new Set(checks.map(({ level, fix }) => `${level} ${fix}`)), new Set(["ok undefined"]));
  assert.equal(exitCode(checks), 0);
});

test("what is missing is told with why and fix; what only pods need depends on whose they are", () => {
  const missing: Finding = { missing: "gone" };
  const [check] = judge({ cgroup: missing }, "no");
  assert.deepEqual(check, {
    area: "file systems",
    level: "problem",
    says: "gone",
    why: NEEDS.cgroup.why,
    fix: NEEDS.cgroup.fix,
  });
  assert.equal(exitCode([check]), 3);
  assert.deepEqual(levels({ tcx: missing }, "yes"), ["problem"]);
  assert.deepEqual(levels({ tcx: missing }, "maybe"), ["warning"]);
  assert.deepEqual(levels({ tcx: missing }, "no"), []);
  assert.deepEqual(levels({ bpfFilesystem: missing }), ["warning"], "an agent mounts it itself");
});

test("unknown is not well, and a problem weighs more", () => {
  const unseen: Finding = { unseen: "only root can" };
  const unknown = judge({ ...ALL_MET, veth: unseen }, "yes");
  assert.deepEqual(
    unknown.flatMap(({ level, says }) => (level === "ok" ? [] : [says])),
    ["making a pair of links was not tried: only root can"],
  );
  assert.equal(exitCode(unknown), 4);
  assert.equal(exitCode(judge({ veth: unseen, libbpf: { missing: "gone" } }, "yes")), 3);
});
