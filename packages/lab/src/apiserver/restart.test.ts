import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { call, configMap, ManualClock, openWatch, started } from "./fixture.ts";
import { startApiServer } from "./server.ts";
import type { ApiServer } from "./server.ts";

const MAPS = "/api/v1/configmaps";
const WIDGETS = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Cluster",
    names: { plural: "widgets", kind: "Widget" },
    versions: [{ name: "v1", served: true, storage: true }],
  },
};
const WIDGET = { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "w" }, size: 1 };

function file(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "carrick-apiserver-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, "objects.jsonl");
}

async function once(dataFile: string, use: (server: ApiServer) => Promise<void> | void, historyEvents = 10_000) {
  const server = await startApiServer({ name: "london", clock: new ManualClock(), dataFile, historyEvents });
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

test("objects, versions and changes outlive the process", async (t) => {
  const dataFile = file(t);
  await once(dataFile, (server) => {
    for (const name of ["a", "b", "c"]) server.objects.apply(configMap(name));
    server.objects.apply(configMap("a", { data: { x: "1" } }));
    server.objects.delete({ apiVersion: "v1", kind: "ConfigMap", name: "b" });
    server.objects.apply(WIDGETS);
    server.objects.apply(WIDGET);
  });
  const server = await started(t, { dataFile });
  assert.equal(server.objects.version, 8);
  const maps = server.objects.list("v1", "ConfigMap");
  assert.deepEqual(
    maps.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`),
    ["a 5", "c 4"],
  );
  assert.equal(server.objects.get({ apiVersion: "example.com/v1", kind: "Widget", name: "w" })?.["size"], 1);
  // A watch from before goes on where it was.
  const watch = await openWatch(t, server, `${MAPS}?watch=1&resourceVersion=4`);
  assert.deepEqual(await watch.take(2), ["MODIFIED a", "DELETED b"]);
  server.objects.apply(configMap("d"));
  assert.deepEqual((await watch.next()).object.metadata.resourceVersion, "9");
});

test("compaction outlives the process as well", async (t) => {
  const dataFile = file(t);
  await once(dataFile, (server) => {
    server.objects.apply(configMap("a"));
    server.objects.apply(configMap("b"));
    server.compact();
  });
  const server = await started(t, { dataFile });
  const old = await openWatch(t, server, `${MAPS}?watch=1&resourceVersion=2`);
  assert.equal((await old.next()).object.code, 410);
  assert.equal(server.objects.list("v1", "ConfigMap").length, 2);
});

test("a last line that was not finished is cut off, and the file is good again", async (t) => {
  const dataFile = file(t);
  await once(dataFile, (server) => void server.objects.apply(configMap("a")));
  appendFileSync(dataFile, '{"type":"ADDED","resource":"configmaps","object":{"apiVers');
  await once(dataFile, (server) => {
    assert.equal(server.objects.version, 2);
    server.objects.apply(configMap("b"));
  });
  await once(dataFile, (server) => assert.equal(server.objects.list("v1", "ConfigMap").length, 2));
});

test("a line in the middle that is no record is named, and nothing is served", async (t) => {
  const dataFile = file(t);
  await once(dataFile, (server) => void server.objects.apply(configMap("a")));
  for (const wrong of ["nonsense", "[]", '{"type":"ADDED","resource":"nones","object":{"metadata":{"name":"a"}}}']) {
    const before = readFileSync(dataFile, "utf8");
    writeFileSync(dataFile, `${before}${wrong}\n`);
    await assert.rejects(startApiServer({ name: "london", dataFile }), {
      message: `${dataFile}:3: this line is no record of the server's data: remove the file to start empty`,
    });
    writeFileSync(dataFile, before);
  }
});

test("the file stays in proportion to the objects", async (t) => {
  const dataFile = file(t);
  const writes = 45_000;
  await once(dataFile, (server) => {
    server.objects.apply(WIDGETS);
    server.objects.apply(WIDGET);
    for (let i = 0; i < writes; i += 1) server.objects.apply(configMap("a", { data: { i: String(i) } }));
  });
  assert.ok(readFileSync(dataFile, "utf8").split("\n").length < 20_010);
  await once(dataFile, (server) => {
    assert.equal(server.objects.version, writes + 3);
    assert.deepEqual(server.objects.get({ apiVersion: "v1", kind: "ConfigMap", name: "a" })?.["data"], {
      i: String(writes - 1),
    });
    assert.equal(server.objects.list("example.com/v1", "Widget").length, 1);
  });
});

test("without a file a server that comes back knows that older versions are of another life", async (t) => {
  const clock = new ManualClock();
  const first = await started(t, { clock });
  for (let i = 0; i < 10; i += 1) first.objects.apply(configMap(`m${i}`));
  const before = first.objects.version;
  clock.pass(1000);
  const second = await started(t, { clock });
  assert.ok(second.objects.version > before);
  const watch = await openWatch(t, second, `${MAPS}?watch=1&resourceVersion=${before}`);
  assert.equal((await watch.next()).object.code, 410);
  assert.equal((await call(second, "GET", `${MAPS}?resourceVersion=${before}&resourceVersionMatch=Exact`)).status, 410);
});
