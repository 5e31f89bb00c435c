import assert from "node:assert/strict";
import { test } from "node:test";
import { tableHash } from "./table-hash.ts";
import { EXACT_TABLES, exactTable, splitTables, tableOf, WILD_TABLES, wildTable } from "./table-names.ts";
import { type Layout, nextLayout, type TablePlan, TablePlanner } from "./table-plan.ts";

/** The layouts that follow one another as the number of hosts goes through `counts`. */
function layouts(counts: readonly number[]): Layout[] {
  let layout: Layout | undefined;
  return counts.map((count) => (layout = nextLayout(layout, count)));
}

test("one table up to 64 hosts; a split is given up late, so that a host that comes and goes changes nothing", () => {
  assert.deepEqual(layouts([0, 64, 65, 64, 33, 32, 64, 65]), [
    "one",
    "one",
    "split",
    "split",
    "split",
    "one",
    "one",
    "split",
  ]);
});

/** A planner with the plans that follow from what it says. */
class Planned {
  readonly planner = new TablePlanner(60);
  readonly plans = new Map<string, TablePlan>();
  #count = 0;

  hosts(chain: string, count: number): void {
    const from = this.#count;
    this.#count = count;
    const change = (key: number) =>
      count > from ? { key: String(key), new: { chain } } : { key: String(key), old: { chain } };
    this.planner.apply(Array.from({ length: Math.abs(count - from) }, (_, i) => change(i)));
  }

  due(now: number): string[] {
    return this.#apply(this.planner.due(now, (chain) => this.plans.get(chain)));
  }

  open(now: number): string[] {
    return this.#apply(this.planner.open(now, (chain) => this.plans.get(chain)));
  }

  #apply(changes: readonly (readonly [string, TablePlan | undefined])[]): string[] {
    return changes.map(([chain, plan]) => {
      if (plan === undefined) this.plans.delete(chain);
      else this.plans.set(chain, plan);
      return plan === undefined
        ? `${chain} gone`
        : `${chain} ${plan.layout}${plan.also === undefined ? "" : ` and ${plan.also}`}`;
    });
  }
}

test("the layout before is kept while connections may use it, then given up", () => {
  const planned = new Planned();
  planned.planner.expect("c");
  assert.deepEqual(planned.due(0), ["c one"]);
  assert.deepEqual(planned.open(0), []);
  planned.hosts("c", 65);
  assert.deepEqual(planned.due(1000), ["c split and one"]);
  assert.equal(planned.planner.nextAt(), 1060);
  planned.hosts("c", 70);
  assert.deepEqual(planned.due(1059), []);
  assert.deepEqual(planned.due(1060), ["c split"]);
  assert.equal(planned.planner.nextAt(), undefined);
  planned.hosts("c", 32);
  assert.deepEqual(planned.due(2000), ["c one and split"]);
  planned.hosts("c", 65);
  assert.deepEqual(planned.due(2001), ["c split and one"]);
  assert.deepEqual(planned.due(2061), ["c split"]);
});

test("one table is not kept when it would hold many hosts", () => {
  const planned = new Planned();
  planned.planner.expect("c");
  planned.due(0);
  planned.open(0);
  planned.hosts("c", 80);
  assert.deepEqual(planned.due(1), ["c split and one"]);
  planned.hosts("c", 81);
  assert.deepEqual(planned.due(2), ["c split"]);
});

test("before it has opened nothing is kept; then both where the number of hosts allows both", () => {
  const planned = new Planned();
  planned.planner.expect("c");
  planned.due(0);
  planned.hosts("c", 500);
  assert.deepEqual(planned.due(1), ["c split"]);
  assert.deepEqual(planned.open(2), []);
  const grey = new Planned();
  grey.planner.expect("c");
  grey.hosts("c", 33);
  grey.due(0);
  assert.deepEqual(grey.open(10), ["c one and split"]);
  assert.deepEqual(grey.due(69), []);
  assert.deepEqual(grey.due(70), ["c one"]);
});

test("a chain that is gone has no plan, and hosts of an unexpected one none", () => {
  const planned = new Planned();
  planned.planner.expect("c");
  planned.due(0);
  planned.planner.forget("c");
  assert.deepEqual(planned.due(1), ["c gone"]);
  planned.hosts("other", 3);
  assert.deepEqual(planned.due(2), []);
});

test("a chain that goes while an old layout is kept leaves nothing to wait for", () => {
  const planned = new Planned();
  planned.planner.expect("c");
  planned.due(0);
  planned.open(0);
  planned.hosts("c", 65);
  planned.due(1);
  planned.planner.forget("c");
  planned.due(2);
  assert.equal(planned.planner.nextAt(), undefined);
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
  for (let i = 0; i < 10_000; i++) {
    const table = tableHash(`shop-${i}.example.com`) % EXACT_TABLES;
    sizes.set(table, (sizes.get(table) ?? 0) + 1);
  }
  assert.equal(sizes.size, EXACT_TABLES);
  assert.ok(Math.max(...sizes.values()) <= 40, `${Math.max(...sizes.values())} in the fullest`);
});

test("a domain's table: exact by the whole name, wildcard by what follows `*.`", () => {
  assert.equal(tableOf("http", "split", "a.b"), exactTable("http", 193_484_246 % EXACT_TABLES));
  assert.equal(tableOf("http", "split", "*.a.b"), wildTable("http", 193_484_246 % WILD_TABLES));
  assert.equal(tableOf("http", "one", "*.a.b"), "http");
  assert.deepEqual([exactTable("http", 5), wildTable("http", 1)], ["http/512/5", "http/*16/1"]);
  const { exact, wild } = splitTables("http");
  assert.deepEqual([exact.length, wild.length, new Set([...exact, ...wild]).size], [512, 16, 528]);
});
