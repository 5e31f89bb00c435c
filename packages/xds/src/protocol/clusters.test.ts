import assert from "node:assert/strict";
import { test } from "node:test";
import { Script } from "@carrick/testing";

test("a client whose clusters warm tells them late: until then no route changes, and nothing is removed", () => {
  const script = new Script();
  script.set("CDS a=1 b=1, EDS a=1 b=1, RDS t=2, LDS http=1");
  assert.deepEqual(script.say("EDS", { subscribe: ["a", "old"] }), ["EDS 1: a=1 -old"]);
  script.say("LDS", { initialVersions: { http: "1" } });
  assert.deepEqual(script.say("RDS", { subscribe: ["t"], initialVersions: { t: "1" } }), []);
  assert.deepEqual([...script.ack("EDS", 1), ...script.wait(13_000)], []);
  // Who asks for endpoints has the cluster, though it does not report it.
  assert.deepEqual(script.say("CDS", { initialVersions: { a: "1" } }), ["CDS 2: b=1"]);
  assert.deepEqual(script.say("EDS", { subscribe: ["b"] }), ["EDS 3: b=1"]);
  assert.deepEqual(script.ack("EDS", 3), []);
  assert.deepEqual(script.ack("CDS", 2), ["RDS 4: t=2"]);
  assert.deepEqual(script.ack("RDS", 4), []);
  assert.deepEqual(script.wait(5000), ["CDS 5: -old"]);
});

test("which cluster of such a client warms nobody knows: it gets all endpoints that it named again", () => {
  const script = new Script();
  script.set("CDS a=2 b=1 c=1, EDS a=1 b=2 c=1");
  const initialVersions = { a: "1", b: "1", gone: "1" };
  assert.deepEqual(script.say("EDS", { subscribe: ["a", "b", "c", "gone"], initialVersions }), [
    "EDS 1: a=1 c=1 b=2 -gone",
  ]);
  assert.deepEqual([...script.ack("EDS", 1), ...script.wait(60_000)], []);
});

test("a client that tells its clusters first gets no endpoints again", () => {
  const script = new Script();
  script.set("CDS a=1, EDS a=1");
  script.say("CDS", { initialVersions: { a: "1" } });
  assert.deepEqual(script.say("EDS", { subscribe: ["a"], initialVersions: { a: "1" } }), []);
});

test("endpoints of which only the removal was told are emptied when their cluster comes back without any", () => {
  const script = new Script();
  assert.deepEqual(script.say("EDS", { subscribe: ["a"], initialVersions: { a: "1" } }), ["EDS 1: -a"]);
  script.ack("EDS", 1);
  script.say("CDS", { initialVersions: { a: "1" } });
  assert.deepEqual(script.set("CDS a=1").hear(), [`EDS 2: a=${JSON.stringify({ endpoints: [] })}`]);
});

test("a client that goes on to warm gets the table that it lacks before it opens without, and a new listener later", () => {
  const script = new Script();
  script.set("LDS http=1 https=1, RDS t=1");
  script.say("EDS", { subscribe: ["a"] });
  script.say("LDS", { initialVersions: { http: "1" } });
  assert.deepEqual(script.say("RDS", { subscribe: ["t"] }), []);
  script.ack("EDS", 1);
  assert.deepEqual(script.wait(13_999), []);
  assert.deepEqual(script.wait(1), ["RDS 2: t=1"]);
  assert.deepEqual([...script.ack("RDS", 2), ...script.wait(5999)], []);
  assert.deepEqual(script.wait(1), ["LDS 3: https=1"]);
});
