import assert from "node:assert/strict";
import { test } from "node:test";
import { exactTable, tableOf, wildTable } from "./placements.ts";
import { tableHash } from "./table-hash.ts";
import { nextPlan, type TablePlan, TablePlanner } from "./table-plan.ts";

/** The plans that follow one another as the number of exact hosts goes through `counts`. */
function plans(counts: readonly number[], wild = 0): number[] {
  let plan: TablePlan | undefined;
  return counts.map((count) => (plan = nextPlan("c", plan, count, wild)).exact);
}

test("one table up to 64 hosts, then as many as hold 32 on average, in powers of four", () => {
  assert.deepEqual(plans([0, 1, 64]), [0, 0, 0]);
  for (const [hosts, tables] of [
    [65, 64],
    [2048, 64],
    [2049, 256],
    [8192, 256],
    [8193, 1024],
    [32_769, 4096],
    [10_000_000, 16_384],
  ] as const) {
    assert.equal(nextPlan("c", undefined, hosts, 0).exact, tables, `${hosts} hosts`);
  }
});

test("a plan is given up late, so that a host that comes and goes changes nothing", () => {
  assert.deepEqual(plans([64, 65, 64, 65, 33, 32, 64, 65]), [0, 64, 64, 64, 64, 0, 0, 64]);
  assert.deepEqual(plans([2048, 2049, 2048, 1025, 1024, 2048]), [64, 256, 256, 256, 64, 64]);
});

test("wildcards count for the one table, and have tables of their own beyond", () => {
  assert.deepEqual(nextPlan("c", undefined, 60, 4), { chain: "c", exact: 0, wild: 0 });
  assert.deepEqual(nextPlan("c", undefined, 60, 5), { chain: "c", exact: 64, wild: 1 });
  assert.deepEqual(nextPlan("c", undefined, 0, 100), { chain: "c", exact: 64, wild: 4 });
  assert.deepEqual(nextPlan("c", undefined, 0, 129), { chain: "c", exact: 64, wild: 16 });
  assert.deepEqual(nextPlan("c", { chain: "c", exact: 64, wild: 4 }, 70, 20), { chain: "c", exact: 64, wild: 4 });
  assert.deepEqual(nextPlan("c", { chain: "c", exact: 64, wild: 4 }, 70, 16), { chain: "c", exact: 64, wild: 1 });
});

test("the planner says which plans are due, once, and forgets a chain that is gone", () => {
  const planner = new TablePlanner();
  const held = new Map<string, TablePlan>();
  const due = () => {
    const found = planner.due((chain) => held.get(chain));
    for (const [chain, plan] of found) {
      if (plan === undefined) held.delete(chain);
      else held.set(chain, plan);
    }
    return found.map(([chain, plan]) => [chain, plan?.exact]);
  };
  const host = (chain: string, domain: string) => ({ key: `${chain}|${domain}`, new: { chain, domain } });
  planner.expect("c");
  assert.deepEqual(due(), [["c", 0]]);
  assert.deepEqual(due(), []);
  planner.apply(Array.from({ length: 65 }, (_, i) => host("c", `h${i}.example`)));
  assert.deepEqual(due(), [["c", 64]]);
  planner.apply([{ key: "c|h0.example", old: { chain: "c", domain: "h0.example" } }]);
  assert.deepEqual(due(), []);
  planner.forget("c");
  assert.deepEqual(due(), [["c", undefined]]);
  planner.apply([host("unexpected", "a.example")]);
  assert.deepEqual(due(), []);
});

test("the hash is djb2 modulo a prime, as the Lua filter computes it in doubles", () => {
  // Worked out apart from this code: h = h · 33 + byte modulo 4294967291, from 5381.
  for (const [text, hash] of [
    ["", 5_381],
    ["a", 177_670],
    ["ab", 5_863_208],
    ["a.b", 193_484_246],
    ["shop.example", 1_923_960_916],
    ["example", 2_172_759_403],
    ["xn--mnchen-3ya.example", 962_008_208],
    ["z".repeat(253), 3_659_551_313],
  ] as const) {
    assert.equal(tableHash(text), hash, text);
  }
});

test("names that end in numbers are spread as evenly as chance would", () => {
  const sizes = new Map<number, number>();
  for (let i = 0; i < 8192; i++) {
    const table = tableHash(`shop-${i}.example.com`) % 256;
    sizes.set(table, (sizes.get(table) ?? 0) + 1);
  }
  assert.equal(sizes.size, 256);
  assert.ok(Math.max(...sizes.values()) <= 48, `${Math.max(...sizes.values())} in the fullest`);
});

test("a domain's table: exact by the whole name, wildcard by what follows `*.`", () => {
  const plan = { chain: "http", exact: 64, wild: 4 };
  assert.equal(tableOf(plan, "a.b"), exactTable(plan, 193_484_246 % 64));
  assert.equal(tableOf(plan, "*.a.b"), wildTable(plan, 193_484_246 % 4));
  assert.equal(tableOf({ chain: "http", exact: 0, wild: 0 }, "*.a.b"), "http");
  assert.deepEqual([exactTable(plan, 5), wildTable(plan, 1)], ["http/64/5", "http/*4/1"]);
});
