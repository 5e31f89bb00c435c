import assert from "node:assert/strict";
import { test } from "node:test";
import { Script } from "@carrick/testing";
import { parked, served } from "./fixture.ts";
import { CLUSTER } from "./type-url.ts";

test("trap 3: after the refusal of new clusters they are removed, before anything else is said", () => {
  const script = served();
  assert.deepEqual(script.set("CDS bad1=1 bad2=1, EDS bad1=1 bad2=1").hear(), ["CDS 5: bad1=1 bad2=1"]);
  assert.deepEqual(script.nack("CDS", 5, "bad1: no, bad2: no"), ["CDS 6: -bad1 -bad2"]);
  assert.deepEqual(script.ack("CDS", 6), ["CDS 7: bad1=1"]);
  script.set("CDS b=1, EDS b=1");
  assert.deepEqual(script.nack("CDS", 7, "bad1: no"), ["CDS 8: -bad1"]);
  assert.deepEqual(script.ack("CDS", 8), ["CDS 9: b=1"]);
  assert.deepEqual(script.say("EDS", { subscribe: ["b"] }), ["EDS 10: b=1"]);
  assert.deepEqual([...script.ack("EDS", 10), ...script.ack("CDS", 9)], ["CDS 11: bad2=1"]);
  assert.deepEqual(script.nack("CDS", 11, "bad2: no"), ["CDS 12: -bad2"]);
  assert.deepEqual([...script.ack("CDS", 12), ...script.wait(60_000)], []);
  assert.deepEqual(parked(script), ["bad1=1", "bad2=1"]);
  assert.deepEqual(script.set("CDS bad1=1").hear(), [], "parked until it changes");
});

test("trap 3: after the refusal of a new version the last one is sent again, with its endpoints", () => {
  const script = served();
  // It was taken while a newer version was there already.
  assert.deepEqual(script.set("CDS a=2").hear(), ["CDS 5: a=2", "EDS 6: a=1"]);
  assert.deepEqual([...script.set("CDS a=3").hear(), ...script.ack("EDS", 6)], []);
  assert.deepEqual(script.ack("CDS", 5), ["CDS 7: a=3", "EDS 8: a=1"]);
  assert.deepEqual(script.ack("EDS", 8), []);
  assert.deepEqual(script.nack("CDS", 7, "a: no"), ["CDS 9: a=2", "EDS 10: a=1"]);
  assert.deepEqual([...script.ack("EDS", 10), ...script.ack("CDS", 9), ...script.wait(60_000)], []);
  assert.deepEqual(parked(script), ["a=3"]);
  assert.deepEqual(script.set("CDS a=2").hear(), []);
  assert.deepEqual(parked(script), []);
});

test("trap 3: what an earlier stream left unanswered is removed before it is tried again", () => {
  const leftovers = new Map([[CLUSTER, ["bad", "good", "mute"]]]);
  const script = new Script({ leftovers }, (one) => one.set("CDS bad=1 good=1 mute=1, EDS bad=1 good=1 mute=1"));
  assert.deepEqual(script.say("CDS", { initialVersions: { good: "1" } }), []);
  // It has `mute` from a refused response, so it does not report it.
  assert.deepEqual(script.say("EDS", { subscribe: ["good", "mute"] }), ["CDS 1: -bad", "EDS 2: good=1 mute=1"]);
  assert.deepEqual(script.ack("EDS", 2), []);
  assert.deepEqual(script.ack("CDS", 1), ["CDS 3: mute=1", "EDS 4: mute=1"]);
  assert.deepEqual(script.ack("EDS", 4), []);
  assert.deepEqual(script.ack("CDS", 3), ["CDS 5: bad=1"]);
});

/** A client from an earlier stream, with `a=1`, to which `a=2` was sent and refused. */
function refusedLater(before?: (script: Script) => void): Script {
  const script = new Script({}, before);
  script.set("CDS a=2, EDS a=1");
  assert.deepEqual(script.say("CDS", { initialVersions: { a: "1" } }), ["CDS 1:"]);
  assert.deepEqual(script.say("EDS", { subscribe: ["a"], initialVersions: { a: "1" } }), []);
  assert.deepEqual(script.ack("CDS", 1), ["CDS 2: a=2", "EDS 3: a=1"]);
  assert.deepEqual(script.ack("EDS", 3), []);
  return script;
}

test("trap 3: the last version of a client that resumes is the one that it reports, if it is remembered", () => {
  const script = refusedLater((one) => one.set("CDS a=1, EDS a=1"));
  assert.deepEqual(script.nack("CDS", 2, "a: no"), ["CDS 4: a=1", "EDS 5: a=1"]);
});

test("trap 3: where nobody remembers it, a client that does not refuse twice gets no other cluster", () => {
  const script = refusedLater();
  assert.deepEqual(script.nack("CDS", 2, "a: no"), ["CDS 4: a=2", "EDS 5: a=1"]);
  assert.deepEqual([...script.ack("EDS", 5), ...script.ack("CDS", 4)], []);
  assert.deepEqual(script.set("CDS b=1, EDS b=1").hear(), []);
  assert.deepEqual(script.wait(60_000), []);
  assert.deepEqual(parked(script), ["a=2"]);
  assert.deepEqual(script.set("CDS a=3").hear(), ["CDS 6: a=3", "EDS 7: a=1"]);
  assert.deepEqual([...script.ack("EDS", 7), ...script.ack("CDS", 6)], ["CDS 8: b=1"]);

  const worse = refusedLater();
  worse.nack("CDS", 2, "a: no");
  assert.deepEqual([...worse.ack("EDS", 5), ...worse.ack("CDS", 4)], []);
  assert.deepEqual(worse.set("CDS a=3").hear(), ["CDS 6: a=3", "EDS 7: a=1"]);
  assert.deepEqual(worse.ack("EDS", 7), []);
  assert.deepEqual(worse.nack("CDS", 6, "a: no"), ["CDS 8: a=3", "EDS 9: a=1"]);

  const back = refusedLater();
  back.nack("CDS", 2, "a: no");
  assert.deepEqual([...back.ack("EDS", 5), ...back.ack("CDS", 4)], []);
  assert.deepEqual(back.set("CDS a=1").hear(), ["CDS 6: a=1", "EDS 7: a=1"], "what it holds frees it as well");
});

test("trap 3: a client that refuses it twice has only refused it", () => {
  const script = refusedLater();
  assert.deepEqual(script.nack("CDS", 2, "a: no"), ["CDS 4: a=2", "EDS 5: a=1"]);
  assert.deepEqual([...script.ack("EDS", 5), ...script.nack("CDS", 4, "a: no")], []);
  assert.deepEqual(script.set("CDS b=1, EDS b=1").hear(), ["CDS 6: b=1"]);
  assert.deepEqual(parked(script), ["a=2"]);
});
