import assert from "node:assert/strict";
import { test } from "node:test";
import { index, same, Store } from "./index.ts";

const SERVICES = 10_000;
const BACKENDS = 30;

interface Backend {
  readonly service: string;
  readonly node: string;
  readonly ready: boolean;
}

const byService = index<Backend>("service", (row) => [row.service]);

test(`a flip among ${SERVICES} services × ${BACKENDS} backends computes its own rows, and no other`, () => {
  const store = new Store();
  const services = store.table<{ readonly name: string }>("services");
  const backends = store.table<Backend>("backends", [byService], same);
  const nodes = store.table<{ readonly zone: string }>("nodes");
  const members = store.view<{ readonly name: string }, { readonly ready: number; readonly zones: number }>(
    "members",
    services,
    ({ name }, key, read) => {
      const ready = read.by(backends, byService, name).filter((backend) => backend.ready);
      const zones = new Set(ready.map((backend) => read.get(nodes, backend.node)?.zone));
      return [[key, { ready: ready.length, zones: zones.size }]];
    },
    same,
  );
  const lines = store.view<{ readonly ready: number }, string>(
    "lines",
    members,
    ({ ready }, key) => [[key, `${key} ${ready}`]],
    same,
  );
  store.commit(() => {
    for (let n = 0; n < 100; n++) nodes.set(`n${n}`, { zone: `z${n % 3}` });
    for (let s = 0; s < SERVICES; s++) {
      services.set(`s${s}`, { name: `s${s}` });
      for (let b = 0; b < BACKENDS; b++) {
        backends.set(`s${s}/${b}`, { service: `s${s}`, node: `n${(s + b) % 100}`, ready: true });
      }
    }
  });
  assert.equal(store.recomputed, 2 * SERVICES);

  const cost = (write: () => void) => {
    const before = store.recomputed;
    store.commit(write);
    return store.recomputed - before;
  };
  const flip = (service: number, backend: number, ready: boolean) => {
    const key = `s${service}/${backend}`;
    backends.set(key, { ...backends.get(key)!, ready });
  };
  assert.equal(
    cost(() => flip(4321, 7, false)),
    2,
    "its service, and the line of it",
  );
  assert.deepEqual([members.get("s4321"), lines.get("s4321")], [{ ready: 29, zones: 3 }, "s4321 29"]);
  assert.equal(
    cost(() => {
      for (let s = 0; s < 10; s++) flip(s, 0, false);
    }),
    20,
  );
  assert.equal(
    cost(() => flip(4321, 7, false)),
    0,
    "no change",
  );
  // 3,000 services have a backend there; that of s5 is not ready (above), so it did not read the node. No output differs.
  assert.equal(
    cost(() => nodes.set("n5", { zone: "z0" })),
    (SERVICES * BACKENDS) / 100 - 1,
  );
});
