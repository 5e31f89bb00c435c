import assert from "node:assert/strict";
import { test } from "node:test";
import { Script } from "@carrick/testing";
import { scoped, served } from "./fixture.ts";
import { LISTENER } from "./type-url.ts";

const SWITCH = "SRDS k2=1, RDS k2=1, LDS http=2";

test("a listener waits for the tables of the scopes that came before it", () => {
  const script = scoped();
  assert.deepEqual(script.set(SWITCH).hear(), ["SRDS 6: k2=1"]);
  assert.deepEqual(script.ack("SRDS", 6), []);
  assert.deepEqual(script.say("RDS", { subscribe: ["k2"] }), ["RDS 7: k2=1"]);
  assert.deepEqual(script.ack("RDS", 7), ["LDS 8: http=2"]);

  const early = scoped();
  assert.deepEqual(early.set(SWITCH).hear(), ["SRDS 6: k2=1"]);
  assert.deepEqual(early.say("RDS", { subscribe: ["k2"] }), ["RDS 7: k2=1"], "asked for before the scope's ACK");
  assert.deepEqual(early.ack("SRDS", 6), []);
  assert.deepEqual(early.ack("RDS", 7), ["LDS 8: http=2"]);
});

test("it waits no longer than the patience for a client that does not ask, nor for what is refused", () => {
  const script = scoped();
  assert.deepEqual([...script.set(SWITCH).hear(), ...script.ack("SRDS", 6)], ["SRDS 6: k2=1"]);
  assert.deepEqual(script.wait(4999), []);
  assert.deepEqual(script.wait(1), ["LDS 7: http=2"]);

  const refused = scoped();
  assert.deepEqual(refused.set(SWITCH).hear(), ["SRDS 6: k2=1"]);
  assert.deepEqual(refused.nack("SRDS", 6, "k2: no"), ["LDS 7: http=2"]);

  const table = scoped();
  assert.deepEqual([...table.set(SWITCH).hear(), ...table.ack("SRDS", 6)], ["SRDS 6: k2=1"]);
  assert.deepEqual(table.say("RDS", { subscribe: ["k2"] }), ["RDS 7: k2=1"]);
  assert.deepEqual(table.nack("RDS", 7, "k2: no"), ["LDS 8: http=2"]);
});

test("a listener does not go in a version that points at a table which is gone again", () => {
  const script = scoped();
  assert.deepEqual([...script.set(SWITCH).hear(), ...script.ack("SRDS", 6)], ["SRDS 6: k2=1"]);
  assert.deepEqual(script.set("CDS b=1, EDS b=1, SRDS -k2, RDS -k2, LDS http=3").hear(), ["CDS 7: b=1"]);
  assert.deepEqual(script.say("RDS", { subscribe: ["k2"] }), ["RDS 8: -k2"]);
  assert.deepEqual(script.ack("RDS", 8), []);
  assert.deepEqual(script.ack("CDS", 7), ["LDS 9: http=3"]);
});

test("nor in one that points at a table which was gone before the client asked for any", () => {
  const script = served();
  // A cluster that is unanswered holds the listeners back.
  assert.deepEqual(script.set("CDS b=1, EDS b=1, RDS u=1, LDS http=2").hear(), ["CDS 5: b=1"]);
  script.set("RDS -u, LDS http=3");
  assert.deepEqual(script.say("EDS", { subscribe: ["b"] }), ["EDS 6: b=1"]);
  assert.deepEqual(script.ack("EDS", 6), []);
  assert.deepEqual(script.ack("CDS", 5), ["LDS 7: http=3"]);

  const never = served();
  assert.deepEqual(never.set("CDS b=1, EDS b=1, SRDS k1=1, RDS k1=1, LDS http=2").hear(), ["CDS 5: b=1"]);
  never.set("SRDS -k1, RDS -k1, LDS http=3");
  assert.deepEqual(never.say("SRDS", {}), ["SRDS 6:"]);
  assert.deepEqual(never.say("EDS", { subscribe: ["b"] }), ["EDS 7: b=1"]);
  assert.deepEqual([...never.ack("EDS", 7), ...never.ack("CDS", 5)], ["LDS 8: http=3"]);
});

test("a scope that was gone when a listener came is told again when it comes back before its removal was told", () => {
  const script = scoped();
  assert.deepEqual(script.set("LDS -http").hear(), ["LDS 6: -http"]);
  script.say("RDS", { unsubscribe: ["k1"] });
  assert.deepEqual([...script.ack("LDS", 6), ...script.ack("SRDS", 7)], ["SRDS 7: k1=1"]);
  assert.deepEqual(script.set("SRDS -k1, LDS http=2", false).hear(), ["LDS 8: http=2"]);
  assert.deepEqual(script.ack("LDS", 8), []);
  assert.deepEqual(script.set("SRDS k1=1").hear(), ["SRDS 9: k1=1"]);
});

test("a listener goes at once to a client that uses no scopes: it asks for them then, or gets them again", () => {
  const never = served();
  assert.deepEqual(never.set(SWITCH).hear(), ["LDS 5: http=2"]);

  const script = scoped();
  assert.deepEqual(script.set("LDS http=2").hear(), ["LDS 6: http=2"]);
  assert.deepEqual(script.ack("LDS", 6), []);
  // The last listener that used scopes has drained.
  assert.deepEqual(script.say("RDS", { unsubscribe: ["k1"] }), []);
  assert.deepEqual(script.set("LDS http=3, SRDS k2=1, RDS k2=1").hear(), ["SRDS 7: k2=1"]);
  assert.deepEqual(script.ack("SRDS", 7), ["LDS 8: http=3"]);
  assert.deepEqual(script.ack("LDS", 8), ["SRDS 9: k1=1 k2=1"]);
  assert.deepEqual(script.say("RDS", { subscribe: ["k1", "k2"] }), ["RDS 10: k1=1 k2=1"]);
  assert.deepEqual([...script.ack("SRDS", 9), ...script.ack("RDS", 10), ...script.wait(60_000)], []);
});

test("scopes are removed after the listeners that do without them, and once these have their tables", () => {
  const script = scoped();
  assert.deepEqual(script.set("SRDS -k1, RDS -k1 t=1, LDS http=2").hear(), ["LDS 6: http=2"]);
  assert.deepEqual(script.say("RDS", { subscribe: ["t"] }), ["RDS 7: t=1"]);
  assert.deepEqual(script.ack("LDS", 6), []);
  assert.deepEqual(script.ack("RDS", 7), ["SRDS 8: -k1"]);
});

test("a client that resumes tells its scopes and their tables before its listeners change", () => {
  const script = new Script();
  script.set("LDS http=2, SRDS k1=1 k2=1, RDS k1=1 k2=1");
  assert.deepEqual(script.say("CDS", { initialVersions: { a: "1" } }), []);
  script.say("EDS", { subscribe: ["a"], initialVersions: { a: "1" } });
  assert.deepEqual(script.say("LDS", { initialVersions: { http: "1" } }), []);
  assert.deepEqual(script.say("SRDS", { initialVersions: { k1: "1" } }), []);
  assert.deepEqual(script.say("RDS", { subscribe: ["k1"], initialVersions: { k1: "1" } }), ["SRDS 1: k2=1"]);
  assert.deepEqual(script.ack("SRDS", 1), []);
  assert.deepEqual(script.say("RDS", { subscribe: ["k2"] }), ["RDS 2: k2=1"]);
  assert.deepEqual(script.ack("RDS", 2), ["LDS 3: http=2"]);
});

test("a listener that an earlier stream gave it, perhaps before the scopes, gets these again", () => {
  const script = new Script({ leftovers: new Map([[LISTENER, ["http"]]]) }, (one) => one.set("LDS http=1, SRDS k1=1"));
  assert.deepEqual(script.hear(), []);
  script.say("CDS", {});
  script.say("LDS", { initialVersions: { http: "1" } });
  assert.deepEqual(script.say("SRDS", { initialVersions: { k1: "1" } }), []);
  assert.deepEqual(script.wait(4999), []);
  assert.deepEqual(script.wait(1), ["SRDS 2: k1=1"]);
});
