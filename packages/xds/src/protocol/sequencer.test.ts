import assert from "node:assert/strict";
import { test } from "node:test";
import { Script } from "@carrick/testing";
import { parked, served } from "./fixture.ts";
import { CLUSTER, DEFAULT_LIMITS, LimitError, LISTENER, SECRET, Sequencer, type Source } from "./index.ts";

const ABSENT = JSON.stringify({ endpoints: [] });

test("what has nothing to say lets go at once what waited for it", () => {
  const script = new Script();
  script.set("CDS a=1, EDS a=1, RDS t=1?", false);
  script.say("CDS", { initialVersions: { a: "1", old: "1" } });
  script.say("EDS", { subscribe: ["a", "old"], initialVersions: { a: "1", old: "1" } });
  assert.deepEqual(script.say("RDS", { subscribe: ["t"], initialVersions: { t: "1" } }), []);
  assert.deepEqual(script.wait(60_000), []);
  assert.deepEqual(script.set("RDS t=1").hear(), ["CDS 1: -old"]);
});

test("a removal that waits because something is not known is withheld, one that waits for an answer pends", () => {
  const script = new Script();
  script.set("CDS a=1 b=1, EDS a=1 b=1, RDS t=2? u=1");
  const versions = { a: "1", b: "1" };
  script.say("CDS", { initialVersions: versions });
  script.say("EDS", { subscribe: ["a", "b"], initialVersions: versions });
  script.say("RDS", { subscribe: ["t", "u"], initialVersions: { t: "1", u: "1" } });
  assert.deepEqual(script.wait(5000), []);
  const counts = () =>
    script.sequencer.state().flatMap(({ type, pending, withheld }) => (type === CLUSTER ? [pending, withheld] : []));
  assert.deepEqual(script.set("CDS -a, RDS u=2").hear(), ["RDS 1: u=2"]);
  assert.deepEqual(counts(), [1, 0]);
  assert.deepEqual(script.ack("RDS", 1), []);
  assert.deepEqual(counts(), [0, 1]);
  script.set("CDS -b", false);
  assert.deepEqual(counts(), [0, 2]);
  assert.deepEqual(script.set("RDS t=2").hear(), ["RDS 2: t=2"]);
  assert.deepEqual(counts(), [2, 0]);
  assert.deepEqual(script.ack("RDS", 2), ["CDS 3: -a -b"]);
});

test("at first connect each question is answered at once, clusters first", () => {
  served();
});

test("a wildcard client is told at once that there is nothing", () => {
  const script = new Script();
  assert.deepEqual(script.say("CDS", {}), ["CDS 1:"]);
  assert.deepEqual(script.ack("CDS", 1), []);
  assert.deepEqual(script.set("CDS a=1").hear(), ["CDS 2: a=1"]);
});

test("a change of endpoints goes at once, and alone", () => {
  const script = served();
  assert.deepEqual(script.set("EDS a=2").hear(), ["EDS 5: a=2"]);
});

test("trap 1: endpoints of a modified cluster come again after it", () => {
  const script = served();
  assert.deepEqual(script.set("CDS a=2").hear(), ["CDS 5: a=2", "EDS 6: a=1"]);
});

test("trap 1: they come again behind a response of endpoints that is on its way", () => {
  const script = served();
  assert.deepEqual(script.set("EDS a=2").hear(), ["EDS 5: a=2"]);
  assert.deepEqual(script.set("CDS a=2").hear(), ["CDS 6: a=2"]);
  assert.deepEqual(script.ack("EDS", 5), ["EDS 7: a=2"]);
});

test("trap 1: clusters that were modified before the client told its endpoints", () => {
  const script = new Script();
  script.set("CDS a=2, EDS a=1");
  // The answer to nothing shows that nothing warms; then the cluster goes, with its endpoints behind it.
  assert.deepEqual(script.say("CDS", { initialVersions: { a: "1" } }), ["CDS 1:"]);
  assert.deepEqual(script.say("EDS", { subscribe: ["a"], initialVersions: { a: "1" } }), []);
  assert.deepEqual(script.ack("CDS", 1), ["CDS 2: a=2", "EDS 3: a=1"]);
});

test("trap 2: endpoints do not wait for the ACK of clusters, nor a second response of clusters", () => {
  const script = served();
  assert.deepEqual(script.set("CDS b=1, EDS b=1").hear(), ["CDS 5: b=1"]);
  assert.deepEqual(script.say("EDS", { subscribe: ["b"] }), ["EDS 6: b=1"]);
  assert.deepEqual(script.set("CDS c=1, EDS c=1").hear(), []);
  assert.deepEqual(script.wait(99), []);
  assert.deepEqual(script.wait(1), ["CDS 7: c=1"]);
});

test("trap 3: after 2 s of silence only what the client did not ask endpoints of is taken back", () => {
  const script = served();
  assert.deepEqual(script.set("CDS good=1 bad=1, EDS good=1 bad=1").hear(), ["CDS 5: good=1 bad=1"]);
  assert.deepEqual(script.say("EDS", { subscribe: ["good"] }), ["EDS 6: good=1"]);
  assert.deepEqual(script.wait(1000), []);
  assert.deepEqual(script.ack("EDS", 6), []);
  assert.deepEqual(script.wait(1999), []);
  assert.deepEqual(script.wait(1), ["CDS 7: -bad"]);
  // The refusal that was swallowed. The good one is said again, since the client will not report it.
  assert.deepEqual(script.nack("CDS", 5, "Error adding/updating cluster(s) bad: no"), []);
  assert.deepEqual(script.ack("CDS", 7), ["CDS 8: bad=1"]);
  assert.deepEqual(script.nack("CDS", 8, "Error adding/updating cluster(s) bad: no"), ["CDS 9: -bad"]);
  assert.deepEqual(script.ack("CDS", 9), ["CDS 10: good=1", "EDS 11: good=1"]);
  assert.deepEqual([...script.ack("EDS", 11), ...script.ack("CDS", 10), ...script.wait(60_000)], []);
  assert.deepEqual(parked(script), ["bad=1"]);
});

test("trap 3: what was only slow comes back in one response", () => {
  const script = served();
  assert.deepEqual(script.set("CDS b=1 c=1, EDS b=1 c=1").hear(), ["CDS 5: b=1 c=1"]);
  assert.deepEqual(script.wait(4003), []);
  assert.deepEqual(script.wait(1), ["CDS 6: -b -c"]);
  assert.deepEqual(script.ack("CDS", 5), []);
  assert.deepEqual(script.ack("CDS", 6), ["CDS 7: b=1 c=1"]);
});

test("new versions of clusters travel alone, and never beside what is unanswered", () => {
  const script = served();
  script.set("CDS b=1 c=1, EDS b=1 c=1").hear();
  script.say("EDS", { subscribe: ["b", "c"] });
  assert.deepEqual([...script.ack("EDS", 6), ...script.ack("CDS", 5)], []);
  assert.deepEqual(script.set("CDS a=2 b=2 d=1, EDS d=1").hear(), ["CDS 7: a=2", "EDS 8: a=1"]);
  assert.deepEqual(script.ack("EDS", 8), []);
  assert.deepEqual(script.ack("CDS", 7), ["CDS 9: d=1"]);
  assert.deepEqual(script.say("EDS", { subscribe: ["d"] }), ["EDS 10: d=1"]);
  assert.deepEqual([...script.ack("EDS", 10), ...script.ack("CDS", 9)], ["CDS 11: b=2", "EDS 12: b=1"]);
});

test("trap 4: siblings of what was refused are sent again cleanly, and taken from who cannot report them", () => {
  const script = new Script();
  script.set("LDS bad=1 good=1");
  assert.deepEqual(script.say("LDS", {}), ["LDS 1: bad=1 good=1"]);
  assert.deepEqual(script.sequencer.leftovers(), new Map([[LISTENER, ["bad", "good"]]]));
  assert.deepEqual(script.nack("LDS", 1, "Error adding/updating listener(s) bad: duplicate address"), ["LDS 2: bad=1"]);
  assert.deepEqual(script.nack("LDS", 2, "Error adding/updating listener(s) bad: duplicate address"), [
    "LDS 3: good=1",
  ]);
  assert.deepEqual(script.ack("LDS", 3), []);
  assert.deepEqual(script.sequencer.leftovers(), new Map([[LISTENER, ["bad"]]]));
  assert.deepEqual(script.set("LDS bad=1").hear(), [], "parked until it changes");
  assert.deepEqual(script.set("LDS bad=2").hear(), ["LDS 4: bad=2"]);

  const next = new Script({ leftovers: new Map([[LISTENER, ["gone", "good"]]]) }, (one) => one.set("LDS good=1"));
  assert.deepEqual(next.say("LDS", { initialVersions: { good: "1" } }), ["LDS 1: -gone"]);
});

test("trap 5: endpoints that are gone are told as empty, and with their cluster after it", () => {
  const script = served();
  assert.deepEqual(script.set("EDS -a").hear(), [`EDS 5: a=${ABSENT}`]);

  const other = served();
  assert.deepEqual(other.set("CDS -a, EDS -a, RDS t=2").hear(), ["RDS 5: t=2"]);
  assert.deepEqual(other.ack("RDS", 5), ["CDS 6: -a"]);
  assert.deepEqual(other.say("EDS", { unsubscribe: ["a"] }), []);
  assert.deepEqual(other.ack("CDS", 6), []);
});

test("trap 6: routes are answered while the ACK of their listener is not there", () => {
  const script = served();
  assert.deepEqual(script.set("LDS https=1, RDS u=1").hear(), ["LDS 5: https=1"]);
  assert.deepEqual(script.say("RDS", { subscribe: ["u"] }), ["RDS 6: u=1"]);
});

test("trap 8: add clusters, then routes; remove routes, then clusters", () => {
  const script = served();
  assert.deepEqual(script.set("CDS b=1 -a, EDS b=1 -a, RDS t=2").hear(), ["CDS 5: b=1"]);
  assert.deepEqual(script.say("EDS", { subscribe: ["b"] }), ["EDS 6: b=1"]);
  assert.deepEqual(script.ack("EDS", 6), []);
  assert.deepEqual(script.ack("CDS", 5), ["RDS 7: t=2"]);
  assert.deepEqual(script.ack("RDS", 7), ["CDS 8: -a"]);
});

test("routes go in the version whose clusters are there, though newer clusters wait", () => {
  const script = served();
  assert.deepEqual(script.set("CDS b=1, EDS b=1, RDS t=2").hear(), ["CDS 5: b=1"]);
  assert.deepEqual(script.set("CDS c=1, EDS c=1, RDS t=3").hear(), []);
  assert.deepEqual(script.ack("CDS", 5), ["CDS 6: c=1", "RDS 7: t=2"]);
  assert.deepEqual(script.ack("RDS", 7), []);
  assert.deepEqual(script.ack("CDS", 6), ["RDS 8: t=3"]);
});

test("routes do not go in a version that names a cluster which is gone again", () => {
  const script = served();
  script.set("CDS b=1, EDS b=1").hear();
  assert.deepEqual(script.set("CDS c=1, EDS c=1, RDS t=2").hear(), []);
  assert.deepEqual(script.set("CDS -c d=1, EDS -c d=1, RDS t=3").hear(), []);
  assert.deepEqual(script.ack("CDS", 5), ["CDS 6: d=1"]);
  assert.deepEqual(script.ack("CDS", 6), ["RDS 7: t=3"]);
});

test("routes wait for clusters no longer than the patience", () => {
  const script = served();
  assert.deepEqual(script.set("CDS b=1, EDS b=1, RDS t=2").hear(), ["CDS 5: b=1"]);
  assert.deepEqual(script.say("EDS", { subscribe: ["b"] }), ["EDS 6: b=1"]);
  assert.deepEqual(script.wait(4999), []);
  assert.deepEqual(script.wait(1), ["RDS 7: t=2"]);
});

test("clusters stay while a refused or a draining table may use them", () => {
  const refused = served();
  assert.deepEqual(refused.set("CDS -a, EDS -a, RDS t=2").hear(), ["RDS 5: t=2"]);
  assert.deepEqual(refused.nack("RDS", 5, "t: no"), []);
  assert.deepEqual(refused.set("RDS t=3").hear(), ["RDS 6: t=3"]);
  assert.deepEqual(refused.ack("RDS", 6), ["CDS 7: -a"]);

  const drains = served();
  assert.deepEqual(drains.set("CDS -a, EDS -a, RDS -t, LDS http=2").hear(), ["LDS 5: http=2"]);
  assert.deepEqual(drains.ack("LDS", 5), []);
  assert.deepEqual(drains.say("RDS", { unsubscribe: ["t"] }), ["CDS 6: -a"]);
});

test("at most so many removals wait for what was refused", () => {
  const script = new Script({ limits: { ...DEFAULT_LIMITS, heldRemovals: 2 } });
  script.set("CDS a=1 b=1 c=1, EDS a=1 b=1 c=1, RDS t=1, LDS http=1");
  script.say("CDS", {});
  script.ack("CDS", 1);
  script.say("LDS", {});
  script.say("RDS", { subscribe: ["t"] });
  assert.deepEqual([...script.ack("LDS", 2), ...script.ack("RDS", 3)], []);
  script.set("RDS t=2").hear();
  assert.deepEqual(script.nack("RDS", 4, "t: no"), []);
  assert.deepEqual(script.set("CDS -a -b").hear(), []);
  assert.deepEqual(script.set("CDS -c").hear(), ["CDS 5: -a -b -c"]);
});

test("a client that resumes gets nothing that it has, and loses nothing before it has told all", () => {
  const script = new Script();
  script.set("CDS a=1, EDS a=1, RDS t=2, LDS http=1");
  assert.deepEqual(script.say("CDS", { initialVersions: { a: "1", old: "1" } }), []);
  assert.deepEqual(script.say("EDS", { subscribe: ["a", "old"], initialVersions: { a: "1", old: "1" } }), []);
  assert.deepEqual(script.say("LDS", { initialVersions: { http: "1" } }), []);
  assert.deepEqual(script.say("RDS", { subscribe: ["t"], initialVersions: { t: "1" } }), ["RDS 1: t=2"]);
  assert.deepEqual([...script.ack("RDS", 1), ...script.wait(4999)], []);
  assert.deepEqual(script.wait(1), ["CDS 2: -old"]);
});

test("a cluster that the client cannot report is told by its endpoints", () => {
  const script = new Script();
  script.set("CDS a=1, EDS a=1");
  assert.deepEqual(script.say("CDS", { initialVersions: { a: "1" } }), []);
  script.say("EDS", { subscribe: ["a", "leaked"], initialVersions: { a: "1", leaked: "1" } });
  assert.deepEqual(script.wait(5000), ["CDS 1: -leaked"]);
});

test("of a half-known world nothing is removed, and nothing that the client has is made smaller", () => {
  const script = new Script();
  script.set("CDS a=2 b=1, EDS a=1? b=1", false);
  const versions = { a: "1", paris: "1" };
  assert.deepEqual(script.say("CDS", { initialVersions: versions }), ["CDS 1:"]);
  assert.deepEqual(script.say("EDS", { subscribe: ["a", "paris"], initialVersions: versions }), []);
  assert.deepEqual(script.ack("CDS", 1), ["CDS 2: b=1"]);
  assert.deepEqual(script.say("EDS", { subscribe: ["b"] }), ["EDS 3: b=1"]);
  assert.deepEqual([...script.ack("EDS", 3), ...script.ack("CDS", 2), ...script.wait(60_000)], []);
  const [clusters] = script.sequencer.state().filter(({ type }) => type === CLUSTER);
  assert.equal(clusters?.withheld, 2, "a cluster waits for its endpoints as well");
  // Now it is known: there are more endpoints, and `paris` is really gone.
  assert.deepEqual(script.set("EDS a=2").hear(), ["CDS 4: a=2", "EDS 5: a=2"]);
  assert.deepEqual([...script.ack("EDS", 5), ...script.ack("CDS", 4)], ["CDS 6: -paris"]);
});

test("a client that has nothing gets what is known", () => {
  const script = new Script();
  script.set("CDS a=1, EDS a=1?", false);
  assert.deepEqual(script.say("CDS", {}), ["CDS 1: a=1"]);
  assert.deepEqual(script.say("EDS", { subscribe: ["a"] }), ["EDS 2: a=1?"]);
});

test("other types are served without order", () => {
  const script = new Script();
  const type = "type.googleapis.com/example.Other";
  script.sequencer.request(type, { subscribe: ["x"] });
  assert.deepEqual(script.hear(), [`${type} 1: -x`]);
});

test("a stream has bounds", () => {
  const limits = { ...DEFAULT_LIMITS, names: 2, nameLength: 4, types: 1 };
  const script = (): Script => new Script({ limits });
  const versions = { a: "1", b: "1", c: "1" };
  assert.throws(() => script().say("EDS", { subscribe: ["a", "b", "c"] }), LimitError);
  assert.throws(() => script().say("EDS", { subscribe: ["abcde"] }), LimitError);
  assert.throws(() => script().say("CDS", { initialVersions: versions }), LimitError);
  assert.throws(() => script().say("CDS", { initialVersions: { abcde: "1" } }), LimitError);
  const two = script();
  two.say("CDS", {});
  assert.throws(() => two.say("LDS", {}), LimitError);
});

test("what is to come last waits until everything that was there before it has been taken", () => {
  const script = new Script({ last: SECRET }, (one) => one.set("RDS t=1, SDS sync=1"));
  assert.deepEqual(script.say("RDS", { subscribe: ["t"] }), ["RDS 1: t=1"]);
  assert.deepEqual(script.say("SDS", { subscribe: ["sync"] }), []);
  assert.deepEqual([...script.set("RDS t=2").hear(), ...script.wait(60_000)], [], "it has all patience");
  assert.deepEqual(script.ack("RDS", 1), ["SDS 2: sync=1", "RDS 3: t=2"], "what came later is not waited for");
});

test("a name that is known to be absent is removed, though others of its type are not known", () => {
  const known = new Set(["london"]);
  const source: Source = {
    get: () => undefined,
    names: () => [],
    complete: (name) => name !== undefined && known.has(name.slice(0, name.indexOf("/"))),
  };
  const sequencer = new Sequencer({ source: () => source, watch: () => () => undefined });
  const removed = () => sequencer.step(0)?.removed;
  sequencer.request("thing", { subscribe: ["*"], initialVersions: { "london/a": "1", "paris/a": "1" } });
  assert.deepEqual(removed(), ["london/a"]);
  sequencer.request("thing", { nonce: "1" });
  assert.equal(removed(), undefined);
  known.add("paris");
  sequencer.changed(new Map(), true);
  assert.deepEqual(removed(), ["paris/a"]);
});
