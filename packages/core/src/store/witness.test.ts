import assert from "node:assert/strict";
import { build, type Graph, type Indexes, type Node, sameVersionless } from "./history-graph.test.ts";
import type { Reader, RowsFunction, Table } from "./index.ts";
import { same } from "./same.ts";

interface Computed {
  readonly reads: ReadonlySet<string>;
  /** Of the last computation that did not throw. */
  readonly outputs: readonly (readonly [string, unknown])[];
  readonly failed: boolean;
}

/** One view as seen from outside: what each driver row read and made, and what was called in the last commit. */
class Watched {
  readonly computed = new Map<string, Computed>();
  readonly calls: [key: string, Computed][] = [];

  watch<I, O>(rows: RowsFunction<I, O>): RowsFunction<I, O> {
    return (row, key, read) => {
      const reads = new Set<string>();
      const watched: Reader = {
        get: (table, rowKey) => (reads.add(`${table.name} ${rowKey}`), read.get(table, rowKey)),
        by: (table, on, term) => (reads.add(`${table.name}.${on.name} ${term}`), read.by(table, on, term)),
      };
      try {
        const outputs = [...rows(row, key, watched)];
        this.calls.push([key, { reads, outputs, failed: false }]);
        return outputs;
      } catch (error) {
        this.calls.push([key, { reads, outputs: this.computed.get(key)?.outputs ?? [], failed: true }]);
        throw error;
      }
    };
  }
}

/** Works out what each commit must compute, from how the tables differ and from what was read before. */
export class Witness {
  readonly graph: Graph;
  readonly #views = new Map<string, Watched>();
  readonly #rows = new Map<string, Map<string, unknown>>();
  #recomputed = 0;

  constructor() {
    this.graph = build((name, rows) => {
      const view = new Watched();
      this.#views.set(name, view);
      return view.watch(rows);
    });
    for (const { table } of this.graph.tables) this.#rows.set(table.name, new Map());
  }

  /** Call it after each commit. */
  checkComputed(): void {
    const touched = new Set<string>();
    const changed = new Map<string, string[]>();
    let count = 0;
    for (const { table, indexes, driver } of this.graph.tables) {
      const view = this.#views.get(table.name);
      if (view !== undefined && driver !== undefined) {
        const rows = this.#rows.get(driver)!;
        const expected = new Set(changed.get(driver));
        if (touched.size > 0) {
          for (const [key, { reads }] of view.computed) if (!touched.isDisjointFrom(reads)) expected.add(key);
        }
        for (const key of expected) {
          if (rows.has(key)) continue;
          expected.delete(key);
          view.computed.delete(key);
        }
        const called = new Set(view.calls.map(([key]) => key));
        if (called.size !== view.calls.length || called.size !== expected.size || !called.isSubsetOf(expected)) {
          assert.deepEqual(view.calls.map(([key]) => key).sort(), [...expected].sort(), `computed in ${table.name}`);
        }
        count += called.size;
        for (const [key, computed] of view.calls.splice(0)) view.computed.set(key, computed);
      }
      changed.set(table.name, this.#diff(table, indexes, view === undefined, touched));
    }
    assert.equal(this.graph.store.recomputed - this.#recomputed, count);
    this.#recomputed = this.graph.store.recomputed;
  }

  /** Each table holds the last good outputs; rows that threw are failures; a store built anew is equal, if none did. */
  checkRows(): boolean {
    const failures: string[] = [];
    for (const { table } of this.graph.tables) {
      const view = this.#views.get(table.name);
      if (view === undefined) continue;
      const expected = [...view.computed.values()].flatMap(({ outputs }) => outputs);
      for (const [key, row] of expected) {
        // A coarse equality keeps the older of two equal rows.
        if (table.name === "coarse" || table.name === "last") assert.ok(table.get(key) !== undefined);
        else assert.ok(same(table.get(key), row), `${table.name} ${key}`);
      }
      assert.equal(table.size, expected.length, table.name);
      for (const [key, { failed }] of view.computed) if (failed) failures.push(`${table.name} ${key}`);
    }
    assert.deepEqual(
      this.graph.store
        .failures()
        .map(({ view, key }) => `${view} ${key}`)
        .sort(),
      failures.sort(),
    );
    if (failures.length > 0) return false;
    const { nodes, services, backends } = this.graph;
    const fresh = build((_, rows) => rows);
    fresh.store.commit(() => {
      for (const [key, row] of backends.entries()) fresh.backends.set(key, row);
      for (const [key, row] of services.entries()) fresh.services.set(key, row);
      for (const [key, row] of nodes.entries()) fresh.nodes.set(key, row);
    });
    for (const [slot, { table }] of this.graph.tables.entries()) {
      assert.deepEqual(new Map(table.entries()), new Map(fresh.tables[slot]!.table.entries()), table.name);
    }
    return true;
  }

  #diff(table: Table<unknown>, indexes: Indexes, written: boolean, touched: Set<string>): string[] {
    const before = this.#rows.get(table.name)!;
    const changed: string[] = [];
    const touch = (key: string, ...rows: unknown[]) => {
      changed.push(key);
      touched.add(`${table.name} ${key}`);
      for (const on of indexes) {
        for (const row of rows) for (const term of on.terms(row)) touched.add(`${table.name}.${on.name} ${term}`);
      }
    };
    let kept = 0;
    for (const [key, row] of table.entries()) {
      const old = before.get(key);
      if (old !== undefined) kept++;
      if (old === row) continue;
      before.set(key, row);
      if (old === undefined) touch(key, row);
      else if (!written || !sameVersionless(old as Node, row as Node)) touch(key, old, row);
      if (old === undefined) kept++;
    }
    if (before.size > kept) {
      for (const [key, old] of before) {
        if (table.get(key) !== undefined) continue;
        before.delete(key);
        touch(key, old);
      }
    }
    return changed;
  }
}
