import assert from "node:assert/strict";
import { test } from "node:test";
import type { Graph } from "./history-graph.test.ts";
import { Witness } from "./witness.test.ts";

// Random histories over a graph that has every kind of dependency. `SEED=<n>` runs the history of one seed alone.
const HISTORIES = 2000;
const COMMITS = 200;

function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

/** One random write. Aliases stay unique, since `names` makes one output for each. */
function write(graph: Graph, random: (below: number) => number, version: number): void {
  const { nodes, services, backends } = graph;
  const backend = `b${random(6)}`;
  const service = `s${random(4)}`;
  const node = `n${random(3)}`;
  const old = backends.get(backend);
  const known = services.get(service);
  switch (random(14)) {
    case 0:
    case 1:
    case 2: {
      const two = random(4) === 0 ? [`s${random(4)}`] : [];
      return backends.set(backend, { services: [service, ...two], node, ready: random(3) > 0, version });
    }
    case 3:
    case 4:
    case 5:
      return old && backends.set(backend, { ...old, ready: !old.ready, version });
    case 6:
      return backends.delete(backend);
    case 7:
      return nodes.set(node, { zone: random(12) === 0 ? "bad" : `z${random(3)}`, version });
    case 8:
      return nodes.get(node)?.zone === "bad" || random(3) === 0 ? nodes.delete(node) : undefined;
    case 9:
      return random(4) === 0 ? services.delete(service) : undefined;
    case 10: {
      const taken = new Set([...services.entries()].map(([key, row]) => (key === service ? "" : row.alias)));
      const alias = ["p", "q", "r", "s", "t"].filter((one) => !taken.has(one))[random(2)]!;
      return services.set(service, { alias, limit: random(3), version });
    }
    case 11: {
      const key = `s${random(4)}`;
      const other = services.get(key);
      if (known === undefined || other === undefined || key === service) return;
      if (random(2) === 0) services.set(key, { ...other, alias: known.alias, version });
      else services.delete(key);
      return services.set(service, { ...known, alias: other.alias, version });
    }
    case 12:
      // Rows that are the same as they were, also after a detour.
      if (old === undefined) return;
      if (random(2) === 0) backends.delete(backend);
      else backends.set(backend, { ...old, ready: !old.ready, version });
      return backends.set(backend, { ...old, version });
    default:
      return known && services.set(service, { ...known, version });
  }
}

function runHistory(seed: number): { compared: number; failing: number } {
  const random = randomOf(seed);
  const witness = new Witness();
  const { store, nodes, services, backends } = witness.graph;
  const broken = new Error("the source broke off");
  let compared = 0;
  let failing = 0;
  for (let step = 0; step < COMMITS; step++) {
    const breaks = random(25) === 0;
    const commit = () =>
      store.commit(() => {
        for (let writes = random(3) + 1; writes > 0; writes--) write(witness.graph, random, step);
        if (breaks) throw broken;
      });
    if (breaks) assert.throws(commit, broken);
    else assert.equal(commit(), step + 1);
    witness.checkComputed();
    if (step % 67 === 66) {
      if (witness.checkRows()) compared++;
      else failing++;
    }
  }
  store.commit(() => {
    for (const [key, row] of nodes.entries()) if (row.zone === "bad") nodes.set(key, { ...row, zone: "z0" });
    // At most four backends are left, so that no zone is full.
    for (const key of ["b0", "b1"]) backends.delete(key);
    for (const [key, row] of backends.entries()) backends.set(key, { ...row, services: row.services.slice(0, 1) });
  });
  witness.checkComputed();
  assert.ok(witness.checkRows(), "nothing fails any more");
  store.commit(() => {
    for (const table of [nodes, services, backends]) for (const [key] of table.entries()) table.delete(key);
  });
  witness.checkComputed();
  assert.ok(witness.checkRows());
  return { compared, failing };
}

test(`${HISTORIES} random histories of ${COMMITS} commits end as a store built anew, and compute only what they must`, () => {
  const only = process.env["SEED"];
  const seeds = only === undefined ? Array.from({ length: HISTORIES }, (_, i) => i + 1) : [Number(only)];
  let compared = 0;
  let failing = 0;
  for (const seed of seeds) {
    try {
      const history = runHistory(seed);
      compared += history.compared;
      failing += history.failing;
    } catch (error) {
      throw new Error(`history ${seed} (run it alone with SEED=${seed}): ${String(error)}`, { cause: error });
    }
  }
  if (only !== undefined) return;
  assert.ok(compared > HISTORIES && failing > HISTORIES / 10, `${compared} middles equal, ${failing} with failed rows`);
});
