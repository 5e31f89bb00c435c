import assert from "node:assert/strict";
import { test } from "node:test";
import { CLUSTER, type DeltaResponse } from "@carrick/xds/protocol";
import { ClusterModel } from "./cluster-model.ts";
import { type Meaning, resourceOf } from "./meaning.ts";

// Each case was watched on Envoy 1.40; a bad cluster was one whose ring hash sizes contradict each other.
const BAD: Meaning = { bad: "semantic" };

class Case {
  readonly model = new ClusterModel();
  #nonce = 0;

  constructor() {
    this.send({ a: {}, b: {} });
    for (const name of ["a", "b"]) this.model.assign(name, ["1"]);
    assert.deepEqual(this.answers(), ["1 ACK"]);
  }

  send(clusters: Readonly<Record<string, Meaning>>, ...removed: string[]): string[] {
    const nonce = String(++this.#nonce);
    const resources = Object.entries(clusters).map(([name, meaning]) => resourceOf(name, meaning));
    const response: DeltaResponse = { type: CLUSTER, nonce, resources, removed };
    this.model.take(response, 0);
    return this.answers();
  }

  answers(): string[] {
    return this.model.answers().map(({ nonce, error }) => `${nonce} ${error === undefined ? "ACK" : "NACK"}`);
  }
}

test("bad clusters alone are refused at once, new or replaced", () => {
  const envoy = new Case();
  assert.deepEqual(envoy.send({ n: BAD, m: BAD }), ["2 NACK"]);
  assert.deepEqual(envoy.send({ a: BAD }), ["3 NACK"]);
  assert.deepEqual([...envoy.model.active.keys()], ["a", "b"]);
  assert.deepEqual(envoy.model.stuck, ["n", "m", "a"]);
});

test("the same bad version once more is nothing new to it", () => {
  const envoy = new Case();
  assert.deepEqual([envoy.send({ n: BAD }), envoy.send({ n: BAD })], [["2 NACK"], ["3 ACK"]]);
  assert.deepEqual([envoy.send({ a: BAD }), envoy.send({ a: BAD })], [["4 NACK"], ["5 ACK"]]);
});

test("after a refusal the next change of any cluster silences it, on this stream and the next", () => {
  const envoy = new Case();
  assert.deepEqual(envoy.send({ n: BAD }), ["2 NACK"]);
  assert.equal(envoy.model.silent, false);
  assert.deepEqual(envoy.send({ good: {} }), []);
  envoy.model.assign("good", ["1"]);
  assert.deepEqual(envoy.answers(), []);
  envoy.model.disconnect();
  assert.equal(envoy.model.silent, true);
});

test("unless it is freed: of a new one by its removal, of a replaced one by the version that serves", () => {
  const envoy = new Case();
  assert.deepEqual([envoy.send({ n: BAD }), envoy.send({}, "n")], [["2 NACK"], ["3 ACK"]]);
  assert.deepEqual([envoy.send({ a: BAD }), envoy.send({ a: {} })], [["4 NACK"], []]);
  envoy.model.assign("a", ["1"]);
  assert.deepEqual([envoy.answers(), envoy.send({}, "b")], [["5 ACK"], ["6 ACK"]]);
  assert.deepEqual(envoy.model.stuck, []);
});

test("the ACK is withheld while a cluster warms, new or replaced", () => {
  const envoy = new Case();
  assert.deepEqual(envoy.send({ n: {}, a: { salt: 1 } }), []);
  envoy.model.assign("n", ["1"]);
  assert.deepEqual(envoy.answers(), []);
  envoy.model.assign("a", ["1"]);
  assert.deepEqual(envoy.answers(), ["2 ACK"]);
});

test("a bad new cluster beside a good one silences it until it is removed", () => {
  const envoy = new Case();
  assert.deepEqual(envoy.send({ good: {}, bad: BAD }), []);
  envoy.model.assign("good", ["1"]);
  assert.deepEqual(envoy.answers(), []);
  assert.deepEqual(envoy.send({}), [], "an empty response does not free it");
  assert.deepEqual(envoy.send({}, "bad"), ["2 NACK", "3 ACK", "4 ACK"]);
});

test("so does a bad cluster beside a removal", () => {
  assert.deepEqual(new Case().send({ bad: BAD }, "b"), []);
});

test("a bad replacement beside anything silences it until a good version is taken, with its endpoints", () => {
  const envoy = new Case();
  assert.deepEqual(envoy.send({ good: {}, a: BAD }), []);
  envoy.model.assign("good", ["1"]);
  assert.deepEqual(envoy.send({}, "good"), [], "taking back the good one does not free it");
  assert.deepEqual(envoy.send({ a: {} }), [], "nor does the version that serves, alone");
  envoy.model.assign("a", ["1"]);
  assert.deepEqual(envoy.answers(), ["2 NACK", "3 ACK", "4 ACK"]);
});

test("a bad replacement while another cluster warms silences it as well", () => {
  const envoy = new Case();
  assert.deepEqual([envoy.send({ good: {} }), envoy.send({ a: BAD })], [[], []]);
  envoy.model.assign("good", ["1"]);
  assert.deepEqual(envoy.answers(), []);
});

test("what does not pass validation drops the whole response", () => {
  const envoy = new Case();
  assert.deepEqual(envoy.send({ good: {}, bad: { bad: "format" } }, "b"), ["2 NACK"]);
  assert.deepEqual([...envoy.model.active.keys()], ["a", "b"]);
});

test("a cluster whose endpoints do not come goes on with what it had", () => {
  const envoy = new Case();
  envoy.send({ a: { salt: 1 }, n: {} });
  envoy.model.tick(14_999);
  assert.deepEqual(envoy.answers(), []);
  envoy.model.tick(15_000);
  assert.deepEqual(envoy.answers(), ["2 ACK"]);
  assert.deepEqual([envoy.model.assignments.get("a"), envoy.model.assignments.get("n")], [["1"], []]);
});

test("the removal of a loaded assignment is ignored", () => {
  const envoy = new Case();
  envoy.model.assign("a", undefined);
  assert.deepEqual(envoy.model.assignments.get("a"), ["1"]);
});
