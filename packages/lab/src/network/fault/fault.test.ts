import assert from "node:assert/strict";
import { test } from "node:test";
import { placeName } from "../plan/place.ts";
import { defaultTopology } from "../topology/load.ts";
import { around, cut, EVERYWHERE, type Fault, placesBetween, withFaults, withoutFaults } from "./fault.ts";
import { describe, faultRuleset, readFaults } from "./fault-ruleset.ts";

const topology = defaultTopology();
const line = (from: string, to: string, loss = 100): Fault => ({ from, to, loss });

test("a line is between two places", () => {
  const paris = ["paris/n1", "paris/n2", "paris/cp"];
  const others = ["london/n1", "london/n2", "london/cp", "edge", "client"];
  const table: [string, string, readonly string[], readonly string[]][] = [
    ["paris", EVERYWHERE, paris, others],
    [EVERYWHERE, "paris", others, paris],
    ["london/n1", "paris", ["london/n1"], paris],
    ["edge", "london/cp", ["edge"], ["london/cp"]],
    [
      "paris/n1",
      EVERYWHERE,
      ["paris/n1"],
      ["london/n1", "london/n2", "london/cp", "paris/n2", "paris/cp", "edge", "client"],
    ],
  ];
  for (const [from, to, expectedFrom, expectedTo] of table) {
    const between = placesBetween(topology, { from, to });
    assert.deepEqual(
      [between.from.map(placeName), between.to.map(placeName)],
      [expectedFrom, expectedTo],
      `${from} to ${to}`,
    );
  }
  const wrong: [Fault, RegExp][] = [
    [line("berlin", "paris"), /"berlin" is no place of this lab; the places are london, paris, london\/n1, /],
    [line("paris/n3", "london"), /"paris\/n3" is no place/],
    [line(EVERYWHERE, EVERYWHERE), /there is nothing between them/],
    [line("paris", "london", 0), /a loss of 0 percent cannot be/],
    [line("paris", "london", 12.5), /a loss of 12\.5 percent/],
    [line("paris", "london", 101), /a loss of 101 percent/],
  ];
  for (const [fault, message] of wrong) {
    assert.throws(() => faultRuleset(topology, [fault]), { name: /^(Fault|Place)Error$/, message });
  }
});

test("faults add up; one between the same places replaces the first; a place heals both ways", () => {
  const lossy = withFaults([], [...around("paris").map((one) => ({ ...one, loss: 20 })), line("edge", "london")]);
  const worse = withFaults(lossy, cut(around("paris")));
  assert.deepEqual(worse.map(describe), ["paris > * 100%", "* > paris 100%", "edge > london 100%"]);
  assert.deepEqual(withoutFaults(worse, "paris").map(describe), ["edge > london 100%"]);
  assert.deepEqual(withoutFaults(worse, "london").map(describe), ["paris > * 100%", "* > paris 100%"]);
  assert.deepEqual(withoutFaults(worse), []);
});

test("rules are written so that they can be read again", () => {
  const { nftables } = faultRuleset(topology, [line("london/n1", "edge", 20)]) as { nftables: object[] };
  const rules = nftables.slice(-2) as { add: { rule: { expr: object[]; comment: string } } }[];
  const match = (left: object, set: unknown[]): object => ({ match: { op: "==", left, right: { set } } });
  assert.deepEqual(rules[0]?.add.rule.expr, [
    match({ meta: { key: "iifname" } }, ["c1n1"]),
    match({ payload: { protocol: "ip", field: "daddr" } }, [{ prefix: { addr: "172.30.250.1", len: 32 } }]),
    { match: { op: "<", left: { numgen: { mode: "random", mod: 100, offset: 0 } }, right: 20 } },
    { counter: { packets: 0, bytes: 0 } },
    { drop: null },
  ]);
  assert.deepEqual(
    rules[1]?.add.rule.expr[1],
    match({ payload: { protocol: "ip6", field: "daddr" } }, [{ prefix: { addr: "fd30::250:1", len: 128 } }]),
  );
  const listed = rules.map(({ add }, at) => ({ rule: { ...add.rule, expr: [{ counter: { packets: 7 + at } }] } }));
  assert.deepEqual(readFaults({ nftables: [{ table: {} }, ...listed] }), [
    { from: "london/n1", to: "edge", loss: 20, packets: 15 },
  ]);
  assert.deepEqual(readFaults({ nftables: [] }), []);
  for (const foreign of [{}, null, { nftables: [{ rule: {} }] }, { nftables: [{ rule: { comment: "mine" } }] }]) {
    assert.throws(() => readFaults(foreign), { name: "FaultError" });
  }
});
