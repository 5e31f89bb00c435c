import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { call, configMap, openWatch, started } from "./fixture.ts";
import { ManualClock } from "./fixture.ts";
import { Storage } from "./storage.ts";
import { objectLines } from "./watch-lines.ts";
import { watch } from "./watch.ts";
import type { WatchSettings } from "./watch.ts";

function storage(historyEvents = 1000) {
  const store = new Storage({ historyEvents, dataFile: undefined, stamp: () => ({ uid: "u", now: 0, suffix: "x" }) });
  const collection = store.registry.find("", "v1", "configmaps")!;
  const put = (name: string, data: object = {}): void => {
    store.create(collection, "shop", configMap(name, { data }));
  };
  const settings: WatchSettings = {
    namespace: undefined,
    bookmarkMs: 60_000,
    clock: new ManualClock(),
    version: () => store.version,
    selector: undefined,
    from: store.version,
    initial: false,
    bookmarks: false,
    markEnd: false,
    timeoutSeconds: undefined,
  };
  return { store, collection, put, settings };
}

/** A client that keeps what it was given and reads on only when told to. */
class Client extends Writable {
  readonly chunks: Buffer[] = [];
  readonly #hold: boolean;
  #go: (() => void) | undefined;

  constructor(hold: boolean) {
    super();
    this.#hold = hold;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.chunks.push(chunk);
    if (this.#hold) this.#go = done;
    else done();
  }

  read(): void {
    const go = this.#go;
    this.#go = undefined;
    go?.();
  }

  get events(): { type: string; object: { code?: number } }[] {
    const text = Buffer.concat(this.chunks).toString();
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("100 watchers share the bytes of one event: it is written out once", async () => {
  const { collection, put, settings } = storage();
  const clients = Array.from({ length: 100 }, () => new Client(false));
  for (const client of clients) watch(collection, objectLines(collection.resource), settings, client);
  put("a");
  await turn();
  const [first] = clients[0]!.chunks;
  assert.match(String(first), /^\{"type":"ADDED"/);
  for (const { chunks } of clients) {
    assert.equal(chunks.length, 1);
    assert.equal(chunks[0], first);
  }
});

test("the changes of one turn reach a watcher in one write", async () => {
  const { collection, put, settings } = storage();
  const client = new Client(false);
  watch(collection, objectLines(collection.resource), settings, client);
  for (const name of ["a", "b", "c"]) put(name);
  await turn();
  assert.deepEqual([client.chunks.length, client.events.length], [1, 3]);
});

test("a client that does not read costs at most two chunks, and gets the rest when it reads", async () => {
  const { collection, put, settings } = storage();
  const client = new Client(true);
  watch(collection, objectLines(collection.resource), settings, client);
  for (let i = 0; i < 100; i += 1) {
    put(`m${i}`, { x: "x".repeat(10_000) });
    await turn();
  }
  assert.equal(client.chunks.length, 1);
  assert.ok(client.writableLength < 2 * 80_000, String(client.writableLength));
  for (let reads = 0; reads < 100; reads += 1) {
    client.read();
    await turn();
  }
  assert.equal(client.events.length, 100);
  assert.equal(collection.watchers.size, 1);
  client.destroy();
  await turn();
  assert.equal(collection.watchers.size, 0);
});

test("a client that falls behind the history gets 410 and loses its place, though it does not read", async () => {
  const { collection, put, settings } = storage(10);
  const client = new Client(true);
  watch(collection, objectLines(collection.resource), settings, client);
  for (let i = 0; i < 60; i += 1) {
    put(`m${i}`, { x: "x".repeat(10_000) });
    await turn();
  }
  assert.equal(collection.watchers.size, 0);
  assert.ok(client.writableLength < 2 * 80_000, String(client.writableLength));
  for (let i = 0; i < 10 && !client.writableFinished; i += 1) {
    client.read();
    await turn();
  }
  const events = client.events;
  assert.ok(events.length < 60);
  assert.equal(events.at(-1)!.type, "ERROR");
  assert.equal(events.at(-1)!.object.code, 410);
  assert.equal((settings.clock as ManualClock).pending, 0);
});

test("over a socket: who does not read is ended with 410, who reads sees everything", async (t) => {
  const server = await started(t, { historyEvents: 40 });
  const path = "/api/v1/configmaps?watch=1&resourceVersion=0&sendInitialEvents=false&resourceVersionMatch=NotOlderThan";
  const slow = await openWatch(t, server, path);
  const quick = await openWatch(t, server, path);
  const data = { x: "x".repeat(500_000) };
  const count = 60;
  for (let i = 0; i < count; i += 1) {
    const body = { metadata: { name: `m${i}` }, data };
    assert.equal((await call(server, "POST", "/api/v1/namespaces/shop/configmaps", { body })).status, 201);
    assert.deepEqual(await quick.take(1), [`ADDED m${i}`]);
  }
  const seen = await slow.rest();
  assert.ok(seen.length < count);
  assert.equal(seen.at(-1)!.object.reason, "Expired");
});
