import assert from "node:assert/strict";
import { test } from "node:test";
import { CLUSTER, ENDPOINTS, LISTENER, ROUTES, Sequencer } from "./index.ts";
import type { DeltaResponse, Resource, Source, TypeUrl, View } from "./index.ts";

// What a stream costs: look-ups of resources, which is all that it does for a name.
const NAMES = 10_000;
/** At first connect, for a cluster and its endpoints together. */
const PER_CLUSTER = 8;

class CountedView implements View {
  readonly rows = new Map<TypeUrl, Map<string, Resource>>();
  lookups = 0;

  constructor() {
    for (const type of [CLUSTER, ENDPOINTS, ROUTES, LISTENER]) this.rows.set(type, new Map());
    for (let i = 0; i < NAMES; i++) for (const type of [CLUSTER, ENDPOINTS]) this.set(type, `c${i}`, "1");
    this.set(ROUTES, "t", "1");
    this.set(LISTENER, "http", "1");
  }

  set(type: TypeUrl, name: string, version: string): void {
    this.rows.get(type)!.set(name, { name, version, body: new Uint8Array(100) });
  }

  source(type: TypeUrl): Source | undefined {
    const rows = this.rows.get(type);
    if (rows === undefined) return undefined;
    return { get: (name) => (this.lookups++, rows.get(name)), names: () => rows.keys(), complete: () => true };
  }

  watch(): () => void {
    return () => {};
  }

  /** Look-ups made meanwhile. */
  count(run: () => void): number {
    const before = this.lookups;
    run();
    return this.lookups - before;
  }
}

function all(sequencer: Sequencer): DeltaResponse[] {
  const said: DeltaResponse[] = [];
  for (let response; (response = sequencer.step(0)) !== undefined;) said.push(response);
  return said;
}

const names = Array.from({ length: NAMES }, (_, i) => `c${i}`);

/** A client that asks for everything; it answers when `answers`. Gives what it was told. */
function connect(view: CountedView, answers: boolean): Sequencer {
  const sequencer = new Sequencer(view);
  const hear = (): void => {
    for (const { type, nonce } of all(sequencer)) if (answers) sequencer.request(type, { nonce });
  };
  sequencer.request(CLUSTER, {});
  const [clusters] = all(sequencer);
  sequencer.request(ENDPOINTS, { subscribe: names });
  hear();
  if (answers) sequencer.request(CLUSTER, { nonce: clusters!.nonce });
  sequencer.request(LISTENER, {});
  hear();
  sequencer.request(ROUTES, { subscribe: ["t"] });
  hear();
  assert.deepEqual(all(sequencer), []);
  return sequencer;
}

test("a first connect looks at each name a fixed number of times", () => {
  const view = new CountedView();
  assert.equal(
    view.count(() => void connect(view, true)),
    PER_CLUSTER * NAMES + 6,
  );
});

test("a client that stops reading costs nothing but the names that change", () => {
  const view = new CountedView();
  const sequencer = connect(view, false);
  // Ten thousand clusters are unanswered, so the table may not follow.
  view.set(ROUTES, "t", "2");
  const table = view.count(() => {
    sequencer.changed(new Map([[ROUTES, ["t"]]]));
    assert.deepEqual(all(sequencer), []);
  });
  assert.equal(table, 1);
  const idle = view.count(() => {
    for (let i = 0; i < 100; i++) {
      assert.deepEqual(all(sequencer), []);
      assert.equal(sequencer.deadline(0), 5000);
    }
  });
  assert.equal(idle, 0);
});

test("a change costs the names that changed, whatever waits", () => {
  const view = new CountedView();
  const sequencer = connect(view, true);
  // All clusters but one wait to be removed behind a listener that is unanswered.
  view.set(LISTENER, "http", "2");
  sequencer.changed(new Map([[LISTENER, ["http"]]]));
  assert.equal(all(sequencer).length, 1);
  const gone = names.slice(1);
  for (const name of gone) view.rows.get(CLUSTER)!.delete(name);
  sequencer.changed(new Map([[CLUSTER, gone]]));
  assert.deepEqual(all(sequencer), []);
  assert.equal(sequencer.state().find(({ type }) => type === CLUSTER)?.pending, NAMES - 1);
  view.set(ENDPOINTS, "c0", "2");
  const lookups = view.count(() => {
    sequencer.changed(new Map([[ENDPOINTS, ["c0"]]]));
    assert.deepEqual(
      all(sequencer).map(({ resources }) => resources.map(({ name }) => name)),
      [["c0"]],
    );
  });
  assert.equal(lookups, 3);
});
