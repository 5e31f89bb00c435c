import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultTopology } from "../topology/load.ts";
import { around, EVERYWHERE, type Fault, linksOf, withFaults, withoutFaults } from "./fault.ts";
import { describe, faultRuleset, readFaults } from "./fault-ruleset.ts";

const topology = defaultTopology();
const cut = (from: string, to: string, loss = 100): Fault => ({ from, to, loss });

test("a fault is about the links between two places", () => {
  const paris = ["c2n1", "c2n2", "c2cp"];
  const others = ["c1n1", "c1n2", "c1cp", "edge", "client"];
  const table: [string, string, readonly string[], readonly string[]][] = [
    ["paris", EVERYWHERE, paris, others],
    [EVERYWHERE, "paris", others, paris],
    ["london/n1", "paris", ["c1n1"], paris],
    ["edge", "london/cp", ["edge"], ["c1cp"]],
    ["paris/n1", EVERYWHERE, ["c2n1"], ["c1n1", "c1n2", "c1cp", "c2n2", "c2cp", "edge", "client"]],
  ];
  for (const [from, to, expectedFrom, expectedTo] of table) {
    assert.deepEqual(linksOf(topology, cut(from, to)), { from: expectedFrom, to: expectedTo }, `${from} to ${to}`);
  }
  const wrong: [Fault, RegExp][] = [
    [cut("berlin", "paris"), /"berlin" is no place of this lab; the places are london, paris, london\/n1, /],
    [cut("paris/n3", "london"), /"paris\/n3" is no place/],
    [cut(EVERYWHERE, EVERYWHERE), /there is nothing between them/],
    [cut("paris", "london", 0), /a loss of 0 percent cannot be/],
    [cut("paris", "london", 12.5), /a loss of 12\.5 percent/],
    [cut("paris", "london", 101), /a loss of 101 percent/],
  ];
  for (const [fault, message] of wrong)
    assert.throws(() => linksOf(topology, fault), { name: /^(Fault|Place)Error$/, message });
});

test("faults add up; one between the same places replaces the first; a place heals both ways", () => {
  const lossy = withFaults([], [...around("paris", 20), cut("edge", "london")]);
  const worse = withFaults(lossy, around("paris", 100));
  assert.deepEqual(worse.map(describe), ["paris > * 100%", "* > paris 100%", "edge > london 100%"]);
  assert.deepEqual(withoutFaults(worse, "paris").map(describe), ["edge > london 100%"]);
  assert.deepEqual(withoutFaults(worse, "london").map(describe), ["paris > * 100%", "* > paris 100%"]);
  assert.deepEqual(withoutFaults(worse), []);
});

test("rules are written so that they can be read again", () => {
  const { nftables } = faultRuleset(topology, [cut("london/n1", "edge", 20)]) as { nftables: object[] };
  const rule = nftables.at(-1) as { add: { rule: { expr: object[] } } };
  assert.deepEqual(rule.add.rule.expr, [
    { match: { op: "==", left: { meta: { key: "iifname" } }, right: { set: ["c1n1"] } } },
    { match: { op: "==", left: { meta: { key: "oifname" } }, right: { set: ["edge"] } } },
    { match: { op: "<", left: { numgen: { mode: "random", mod: 100, offset: 0 } }, right: 20 } },
    { counter: { packets: 0, bytes: 0 } },
    { drop: null },
  ]);
  const listed = {
    nftables: [{ table: {} }, { rule: { comment: "london/n1 > edge 20%", expr: [{ counter: { packets: 7 } }] } }],
  };
  assert.deepEqual(readFaults(listed), [{ from: "london/n1", to: "edge", loss: 20, packets: 7 }]);
  assert.deepEqual(readFaults({ nftables: [] }), []);
  for (const foreign of [{}, null, { nftables: [{ rule: {} }] }, { nftables: [{ rule: { comment: "mine" } }] }]) {
    assert.throws(() => readFaults(foreign), { name: "FaultError" });
  }
});
