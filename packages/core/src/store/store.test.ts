import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Change, index, type Reader, same, Store } from "./index.ts";

interface Row {
  readonly group: string;
  readonly value: number;
}

const byGroup = index<Row>("group", (row) => [row.group]);

/** One table, and a view of it that copies each row. */
function copying() {
  const store = new Store();
  const base = store.table<Row>("base", [byGroup], same);
  const copy = store.view<Row, Row>("copy", base, (row, key) => [[key, row]], same, [byGroup]);
  return { store, base, copy };
}

describe("a commit", () => {
  test("brings views up to date and returns the new revision", () => {
    const { store, base, copy } = copying();
    assert.equal(
      store.commit(() => base.set("a", { group: "g", value: 1 })),
      1,
    );
    assert.deepEqual(copy.get("a"), { group: "g", value: 1 });
    assert.deepEqual([base.revision, copy.revision, store.revision], [1, 1, 1]);
  });

  test("inside a commit throws, also from a sink, and the outer one ends well", () => {
    const { store, base, copy } = copying();
    assert.throws(
      () =>
        store.commit(() => {
          base.set("a", { group: "g", value: 1 });
          store.commit(() => undefined);
        }),
      /a commit inside a commit/,
    );
    assert.equal(copy.size, 1);
    store.sink(copy, () => store.commit(() => undefined));
    assert.throws(() => store.commit(() => base.delete("a")), /a commit inside a commit/);
    assert.equal(copy.size, 0);
    assert.equal(
      store.commit(() => undefined),
      3,
    );
  });

  test("whose writes throw keeps what was written, tells it, and throws on", () => {
    const { store, base, copy } = copying();
    const told: string[] = [];
    store.sink(copy, (changes) => told.push(...changes.map(({ key }) => key)));
    const broken = new Error("the source broke off");
    assert.throws(
      () =>
        store.commit(() => {
          base.set("a", { group: "g", value: 1 });
          throw broken;
        }),
      broken,
    );
    assert.deepEqual([copy.size, told], [1, ["a"]]);
  });

  test("that changes a row and back tells nothing", () => {
    const { store, base, copy } = copying();
    store.commit(() => base.set("a", { group: "g", value: 1 }));
    store.sink(copy, () => assert.fail("nothing changed"));
    const before = store.recomputed;
    store.commit(() => {
      base.delete("a");
      base.set("a", { group: "h", value: 2 });
      base.set("a", { group: "g", value: 1 });
    });
    assert.equal(store.recomputed, before);
    assert.equal(copy.by(byGroup, "g").length, 1);
    assert.equal(base.by(byGroup, "h").length, 0);
  });
});

describe("refuses", () => {
  test("a write outside a commit, also by a sink", () => {
    const { store, base, copy } = copying();
    assert.throws(() => base.set("a", { group: "g", value: 1 }), /table base: write outside a commit/);
    assert.throws(() => base.delete("a"), /write outside a commit/);
    store.sink(copy, () => base.delete("a"));
    assert.throws(() => store.commit(() => base.set("a", { group: "g", value: 1 })), /write outside a commit/);
    assert.equal(base.size, 1);
  });

  test("a table or view defined after the first commit", () => {
    const { store, base } = copying();
    store.commit(() => undefined);
    assert.throws(() => store.table("late"), /late is defined after the first commit/);
    assert.throws(() => store.view("late", base, () => [], same), /late is defined after the first commit/);
    assert.throws(() => store.groups("late", base, byGroup), /late is defined after the first commit/);
  });

  test("an index that the table does not have", () => {
    const { store, base } = copying();
    const other = index<Row>("other", (row) => [row.group]);
    assert.throws(() => base.by(other, "g"), /table base has no index other/);
    assert.throws(() => store.groups("groups", base, other), /table base has no index other/);
  });

  test("a table of another store", () => {
    const { store } = copying();
    const { base: foreign } = copying();
    assert.throws(() => store.view("view", foreign, () => [], same), /table base is not of this store/);
    assert.throws(() => store.sink(foreign, () => undefined), /table base is not of this store/);
  });

  test("a view that reads a later table, or after it was computed: its row fails", () => {
    const store = new Store();
    const base = store.table<Row>("base");
    let kept: Reader | undefined;
    const early = store.view<Row, Row>(
      "early",
      base,
      (row, key, read) => {
        kept = read;
        return [[key, read.get(late, key) ?? row]];
      },
      same,
    );
    const late = store.view<Row, Row>("late", base, (row, key) => [[key, row]], same);
    store.commit(() => base.set("a", { group: "g", value: 1 }));
    assert.equal(early.size, 0);
    assert.match(String(store.failures()[0]?.error), /view early reads late, which is not defined before it/);
    assert.throws(() => kept?.get(base, "a"), /view early: a read outside its computation/);
  });
});

describe("a view", () => {
  test("D9: that throws keeps its last output, is a failure, and heals", () => {
    const store = new Store();
    const base = store.table<Row>("base");
    const view = store.view<Row, number>(
      "odd",
      base,
      (row, key) => {
        if (row.value % 2 === 0) throw new Error(`${row.value} is even`);
        return [[key, row.value]];
      },
      same,
    );
    const set = (value: number) => store.commit(() => base.set("a", { group: "g", value }));
    set(1);
    set(2);
    assert.equal(view.get("a"), 1);
    assert.deepEqual(
      store.failures().map(({ view, key, error }) => [view, key, (error as Error).message]),
      [["odd", "a", "2 is even"]],
    );
    set(3);
    assert.equal(view.get("a"), 3);
    assert.deepEqual(store.failures(), []);
    set(4);
    store.commit(() => base.delete("a"));
    assert.equal(view.size, 0);
    assert.deepEqual(store.failures(), []);
  });

  test("that throws is computed again when what it had read until then changes", () => {
    const store = new Store();
    const base = store.table<Row>("base");
    const other = store.table<Row>("other");
    const view = store.view<Row, number>(
      "needs",
      base,
      (_row, key, read) => [[key, read.get(other, key)!.value]],
      same,
    );
    store.commit(() => base.set("a", { group: "g", value: 1 }));
    assert.equal(store.failures().length, 1);
    store.commit(() => other.set("a", { group: "g", value: 7 }));
    assert.equal(view.get("a"), 7);
    assert.deepEqual(store.failures(), []);
  });

  test("whose index or equality throws fails alone", () => {
    const store = new Store();
    const base = store.table<Row>("base");
    const picky = index<Row>("picky", (row) => {
      if (row.value === 2) throw new Error("no term for 2");
      return [row.group];
    });
    const view = store.view<Row, Row>("view", base, (row, key) => [[key, row]], same, [picky]);
    store.commit(() => {
      base.set("a", { group: "g", value: 2 });
      base.set("b", { group: "g", value: 1 });
    });
    assert.deepEqual(
      [...view.entries()].map(([key]) => key),
      ["b"],
    );
    assert.deepEqual(
      store.failures().map(({ key }) => key),
      ["a"],
    );
  });

  test("makes an output twice: its row fails", () => {
    const store = new Store();
    const base = store.table<Row>("base");
    const view = store.view<Row, number>(
      "twice",
      base,
      () => [
        ["x", 1],
        ["x", 2],
      ],
      same,
    );
    store.commit(() => base.set("a", { group: "g", value: 1 }));
    assert.equal(view.size, 0);
    assert.match(String(store.failures()[0]?.error), /view twice: a makes x twice/);
  });

  test("of which two rows make one output: the least key has it, in whatever order they came", () => {
    const outcomes = [
      ["a", "b", "c"],
      ["c", "b", "a"],
      ["b", "c", "a"],
    ].map((order) => {
      const store = new Store();
      const base = store.table<Row>("base");
      const view = store.view<Row, string>("names", base, (row, key) => [[row.group, key]], same);
      for (const key of order) store.commit(() => base.set(key, { group: "x", value: 1 }));
      const held = view.get("x");
      const failing = store.failures().map(({ key }) => key);
      store.commit(() => base.delete("a"));
      const next = view.get("x");
      store.commit(() => base.set("b", { group: "y", value: 1 }));
      return { held, failing: failing.sort(), next, last: [view.get("x"), view.get("y")], left: store.failures() };
    });
    for (const outcome of outcomes) {
      assert.deepEqual(outcome, { held: "a", failing: ["b", "c"], next: "b", last: ["c", "b"], left: [] });
    }
  });

  test("moves an output from one row to another in one commit", () => {
    const store = new Store();
    const base = store.table<Row>("base");
    const view = store.view<Row, string>("names", base, (row, key) => [[row.group, key]], same);
    const changes: Change<string>[] = [];
    store.sink(view, (some) => changes.push(...some));
    store.commit(() => {
      base.set("a", { group: "x", value: 1 });
      base.set("b", { group: "y", value: 1 });
    });
    changes.length = 0;
    store.commit(() => {
      base.set("a", { group: "y", value: 1 });
      base.set("b", { group: "x", value: 1 });
    });
    assert.deepEqual([view.get("x"), view.get("y"), store.failures()], ["b", "a", []]);
    assert.deepEqual(
      changes.map(({ key, old, new: now }) => [key, old, now]).sort(([a], [b]) => (a! < b! ? -1 : 1)),
      [
        ["x", "a", "b"],
        ["y", "b", "a"],
      ],
    );
  });

  test("stops at an output that is equal to the last one", () => {
    const store = new Store();
    const base = store.table<Row>("base");
    const sign = store.view<Row, { big: boolean }>("big", base, (row, key) => [[key, { big: row.value > 9 }]], same);
    store.view<{ big: boolean }, string>("said", sign, (row, key) => [[key, String(row.big)]], same);
    store.commit(() => base.set("a", { group: "g", value: 1 }));
    assert.equal(store.recomputed, 2);
    store.commit(() => base.set("a", { group: "g", value: 2 }));
    assert.equal(store.recomputed, 3);
    store.commit(() => base.set("a", { group: "g", value: 10 }));
    assert.equal(store.recomputed, 5);
  });

  test("says what a row was computed from", () => {
    const store = new Store();
    const base = store.table<Row>("base", [byGroup]);
    const view = store.view<Row, number>(
      "sum",
      base,
      (row, key, read) => [[key, read.by(base, byGroup, row.group).length + (read.get(base, "other")?.value ?? 0)]],
      same,
    );
    store.commit(() => base.set("a", { group: "g", value: 1 }));
    assert.deepEqual(store.explain(view, "a"), [
      { table: "base", index: "group", term: "g" },
      { table: "base", term: "other" },
    ]);
    assert.deepEqual(store.explain(view, "absent"), []);
    assert.deepEqual(store.explain(base, "a"), []);
  });
});

describe("groups", () => {
  test("have one row for each term while a row has it", () => {
    const store = new Store();
    const base = store.table<Row>("base", [byGroup]);
    const groups = store.groups("groups", base, byGroup);
    const changed: string[] = [];
    store.sink(groups, (changes) => {
      for (const change of changes) changed.push(`${change.new === undefined ? "-" : "+"}${change.key}`);
    });
    store.commit(() => {
      base.set("a", { group: "g", value: 1 });
      base.set("b", { group: "g", value: 1 });
    });
    store.commit(() => base.set("c", { group: "g", value: 1 }));
    store.commit(() => base.set("a", { group: "h", value: 1 }));
    assert.deepEqual(
      [...groups.entries()],
      [
        ["g", { term: "g" }],
        ["h", { term: "h" }],
      ],
    );
    store.commit(() => base.delete("b"));
    store.commit(() => base.delete("c"));
    assert.deepEqual(changed, ["+g", "+h", "-g"]);
  });
});

describe("sinks", () => {
  test("are called when every view is up to date, those of earlier tables first", () => {
    const { store, base, copy } = copying();
    const calls: string[] = [];
    store.sink(copy, (_changes, revision) => calls.push(`copy ${revision}`));
    store.sink(base, () => calls.push(`base, while the copy has ${copy.size}`));
    store.sink(copy, () => calls.push("copy again"));
    store.commit(() => base.set("a", { group: "g", value: 1 }));
    assert.deepEqual(calls, ["base, while the copy has 1", "copy 1", "copy again"]);
  });

  test("that throw do not stop the others; several errors come together", () => {
    const { store, base, copy } = copying();
    let called = 0;
    store.sink(base, () => assert.fail("one"));
    store.sink(base, () => assert.fail("two"));
    store.sink(copy, () => called++);
    assert.throws(
      () => store.commit(() => base.set("a", { group: "g", value: 1 })),
      (error: unknown) => error instanceof AggregateError && error.errors.length === 2,
    );
    assert.equal(called, 1);
  });
});

test("same: structural for plain data, identity for everything else", () => {
  assert.ok(same({ a: [1, { b: new Uint8Array([1, 2]) }] }, { a: [1, { b: new Uint8Array([1, 2]) }] }));
  assert.ok(same(Number.NaN, Number.NaN));
  for (const [a, b] of [
    [{ a: 1 }, { a: 1, b: undefined }],
    [{ a: 1 }, { b: 1 }],
    [[1, 2], [1]],
    [[], {}],
    [null, {}],
    [new Map([[1, 2]]), new Map([[1, 2]])],
    [new Uint8Array([1]), new Uint8Array([2])],
  ]) {
    assert.equal(same(a, b), false);
  }
});
