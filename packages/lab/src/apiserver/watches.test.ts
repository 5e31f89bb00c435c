import assert from "node:assert/strict";
import { test } from "node:test";
import { call, configMap, get, ManualClock, openWatch, started } from "./fixture.ts";

const MAPS = "/api/v1/configmaps";

test("a watch begins after the version that it names, and another from the same version sees the same", async (t) => {
  const server = await started(t);
  server.objects.apply(configMap("a"));
  const { resourceVersion } = (await get(server, MAPS)).metadata;
  const path = `${MAPS}?watch=1&resourceVersion=${resourceVersion}`;
  const live = await openWatch(t, server, path);
  server.objects.apply(configMap("b"));
  server.objects.apply(configMap("a", { data: { x: "1" } }));
  server.objects.delete({ apiVersion: "v1", kind: "ConfigMap", name: "a" });
  const expected = ["ADDED b", "MODIFIED a", "DELETED a"];
  assert.deepEqual(await live.take(3), expected);
  const late = await openWatch(t, server, path);
  assert.deepEqual(await late.take(3), expected);
});

test("a deleted object carries the version of its deletion", async (t) => {
  const server = await started(t);
  server.objects.apply(configMap("a"));
  server.objects.delete({ apiVersion: "v1", kind: "ConfigMap", name: "a" });
  const watch = await openWatch(t, server, `${MAPS}?watch=1&resourceVersion=2`);
  const event = await watch.next();
  assert.deepEqual([event.type, event.object.metadata.resourceVersion], ["DELETED", "3"]);
});

test("without a version a watch begins with the objects that there are", async (t) => {
  const server = await started(t);
  server.objects.apply(configMap("b"));
  server.objects.apply(configMap("a"));
  for (const query of ["watch=true", "watch=true&resourceVersion=0"]) {
    const watch = await openWatch(t, server, `${MAPS}?${query}`);
    assert.deepEqual(await watch.take(2), ["ADDED a", "ADDED b"]);
  }
});

test("sendInitialEvents marks the end of the initial events with a bookmark", async (t) => {
  const server = await started(t);
  server.objects.apply(configMap("a"));
  const path = `${MAPS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`;
  const watch = await openWatch(t, server, path);
  assert.deepEqual(await watch.take(1), ["ADDED a"]);
  const metadata = { resourceVersion: "2", annotations: { "k8s.io/initial-events-end": "true" } };
  assert.deepEqual(await watch.next(), { type: "BOOKMARK", object: { kind: "ConfigMap", apiVersion: "v1", metadata } });
  server.objects.apply(configMap("b"));
  assert.deepEqual(await watch.take(1), ["ADDED b"]);
  const quiet = await openWatch(t, server, path.replace("true", "false"));
  server.objects.apply(configMap("c"));
  assert.deepEqual(await quiet.take(1), ["ADDED c"]);
});

test("queries of a watch that mean nothing are refused", async (t) => {
  const server = await started(t);
  for (const query of [
    "sendInitialEvents=true",
    "sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion=1",
    "resourceVersion=1&resourceVersionMatch=NotOlderThan",
    "resourceVersion=-1",
    "timeoutSeconds=soon",
  ]) {
    assert.equal((await call(server, "GET", `${MAPS}?watch=1&${query}`)).status, 400, query);
  }
});

test("bookmarks come regularly to who asks for them, and the last one with the end", async (t) => {
  const clock = new ManualClock();
  const server = await started(t, { clock, bookmarkMs: 1000 });
  const path = `${MAPS}?watch=1&resourceVersion=0&timeoutSeconds=3`;
  const marked = await openWatch(t, server, `${path}&allowWatchBookmarks=true`);
  const plain = await openWatch(t, server, path);
  clock.pass(1000);
  server.objects.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "other-kind" } });
  clock.pass(1000);
  clock.pass(1000);
  const versions = (await marked.rest()).map((event) => `${event.type} ${event.object.metadata.resourceVersion}`);
  assert.deepEqual(versions.slice(0, 2), ["BOOKMARK 1", "BOOKMARK 2"]);
  assert.equal(versions.at(-1), "BOOKMARK 2");
  assert.deepEqual(await plain.rest(), []);
  assert.equal(clock.pending, 0);
});

test("a version that was forgotten, or that belongs to another history, has expired", async (t) => {
  const server = await started(t, { historyEvents: 2 });
  for (const name of ["a", "b", "c"]) server.objects.apply(configMap(name));
  const known = await openWatch(t, server, `${MAPS}?watch=1&resourceVersion=2`);
  assert.deepEqual(await known.take(2), ["ADDED b", "ADDED c"]);
  server.objects.apply(configMap("d"));
  const [event, ...rest] = await (await openWatch(t, server, `${MAPS}?watch=1&resourceVersion=2`)).rest();
  assert.deepEqual([event.type, event.object.code, event.object.reason, rest], ["ERROR", 410, "Expired", []]);
  server.compact();
  const compacted = await (await openWatch(t, server, `${MAPS}?watch=1&resourceVersion=4`)).rest();
  assert.equal(compacted[0].object.code, 410);
  assert.deepEqual(await known.take(1), ["ADDED d"]);
  assert.equal((await call(server, "GET", `${MAPS}?watch=1&resourceVersion=99`)).status, 410);
});

test("objects that begin or cease to match a selector come and go", async (t) => {
  const server = await started(t);
  const watch = await openWatch(t, server, `${MAPS}?watch=1&labelSelector=app%3Dx`);
  server.objects.apply(configMap("a", { labels: { app: "y" } }));
  server.objects.apply(configMap("a", { labels: { app: "x" }, data: { old: "1" } }));
  server.objects.apply(configMap("a", { labels: { app: "x" } }));
  server.objects.apply(configMap("a", { labels: { app: "z" }, data: { new: "1" } }));
  server.objects.delete({ apiVersion: "v1", kind: "ConfigMap", name: "a" });
  server.objects.apply(configMap("b", { labels: { app: "x" } }));
  assert.deepEqual(await watch.take(2), ["ADDED a", "MODIFIED a"]);
  const gone = await watch.next();
  // As it was when it matched, at the version at which it ceased to.
  assert.deepEqual([gone.type, gone.object.metadata.resourceVersion, gone.object.data], ["DELETED", "5", {}]);
  assert.deepEqual(await watch.take(1), ["ADDED b"]);
});

test("a watch of one namespace sees only that", async (t) => {
  const server = await started(t);
  const watch = await openWatch(t, server, "/api/v1/namespaces/shop/configmaps?watch=1");
  for (const namespace of ["other", "shop"]) {
    server.objects.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `in-${namespace}`, namespace } });
  }
  assert.deepEqual(await watch.take(1), ["ADDED in-shop"]);
});

test("watches are bounded; a place is free when one ends", async (t) => {
  const clock = new ManualClock();
  const server = await started(t, { clock, maxWatchers: 2 });
  await openWatch(t, server, `${MAPS}?watch=1`);
  const short = await openWatch(t, server, `${MAPS}?watch=1&timeoutSeconds=1`);
  const refused = await call(server, "GET", "/api/v1/secrets?watch=1");
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "1"]);
  clock.pass(1000);
  assert.deepEqual(await short.rest(), []);
  await openWatch(t, server, "/api/v1/secrets?watch=1");
});
