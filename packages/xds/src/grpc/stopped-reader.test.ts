import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { DEFAULT_LIMITS } from "../protocol/index.ts";
import { EDGE, isKind, ManualClock, material, MemoryView, RawClient, resource, serve } from "./fixture.ts";
import type { ListenAddress } from "./tls-listener.ts";

const TYPES = Array.from({ length: 8 }, (_, i) => `type.googleapis.com/carrick.test.Type${i}`);
const NAMES = 50;
const BODY_BYTES = 5000;
const QUEUED_BYTES = 32 * 1024;
const RESPONSE_BYTES = 100_000;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Heap and buffers that are reachable. Buffers are freed some turns after the collection that found them dead. */
async function reachableBytes(): Promise<number> {
  for (let round = 0; round < 10; round++) {
    collect();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function bodies(round: number) {
  return Array.from({ length: NAMES }, (_, i) => resource(`n${i}`, `${round}/${i}/`.padEnd(BODY_BYTES, "x")));
}

/** Between client and server: a socket that can stop reading what the server sends. */
async function relay(t: TestContext, server: ListenAddress) {
  const pairs: { readonly client: Socket; readonly server: Socket }[] = [];
  const listener = createServer((client) => {
    const upstream = connect(server.port, server.address);
    pairs.push({ client, server: upstream });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on("data", (bytes: Buffer) => to.write(bytes));
      from.on("error", () => {});
      from.on("close", () => to.destroy());
    }
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  t.after(() => {
    for (const { client, server: upstream } of pairs) {
      client.destroy();
      upstream.destroy();
    }
    listener.close();
  });
  const { port } = listener.address() as AddressInfo;
  return { address: { address: "127.0.0.1", port }, pairs };
}

async function stopped(t: TestContext) {
  const view = new MemoryView(TYPES);
  for (const type of TYPES) view.set(type, ...bodies(0));
  const clock = new ManualClock();
  const running = await serve(t, view, {
    clock,
    limits: { queuedBytes: QUEUED_BYTES },
    sequencer: { limits: { ...DEFAULT_LIMITS, responseBytes: RESPONSE_BYTES } },
  });
  const { address, pairs } = await relay(t, running.server.address);
  const client = new RawClient(address, await material({ uris: [EDGE] }));
  t.after(() => client.close());
  client.say({ typeUrl: "type.googleapis.com/carrick.test.First", resourceNamesSubscribe: ["none"] });
  const first = await client.responses.seen(() => true);
  const socket = pairs[0]!.server;
  socket.pause();
  // Requests still reach the server: all types are asked for, and the stream fills up.
  const full = running.events.seen((event) => {
    return event.kind === "sent" && running.server.streams()[0]!.bytesQueued >= QUEUED_BYTES;
  });
  client.say({ typeUrl: first.typeUrl, responseNonce: first.nonce });
  for (const type of TYPES) client.say({ typeUrl: type });
  await full;
  return { ...running, view, clock, client, socket };
}

const LIMIT = { timeout: 60_000 };

test("a client that stops reading costs a set of names, however much changes and it asks for", LIMIT, async (t) => {
  const { server, events, view, client, socket } = await stopped(t);
  const change = async (round: number): Promise<void> => {
    for (const type of TYPES) view.set(type, ...bodies(round));
    client.say({ typeUrl: TYPES[0]!, resourceNamesSubscribe: ["n1", `absent-${round % 10}`] });
    client.say({ typeUrl: TYPES[0]!, resourceNamesUnsubscribe: ["n1", `absent-${round % 10}`] });
    await turn();
  };
  for (let round = 1; round <= 20; round++) await change(round);
  const sent = events.all.filter(isKind("sent")).length;
  const { bytesSent } = server.streams()[0]!;
  const before = await reachableBytes();
  for (let round = 21; round <= 120; round++) await change(round);
  const grown = (await reachableBytes()) - before;

  const state = server.streams()[0]!;
  assert.equal(events.all.filter(isKind("sent")).length, sent);
  assert.equal(state.bytesSent, bytesSent);
  assert.ok(state.bytesQueued < QUEUED_BYTES + 2 * RESPONSE_BYTES, `${state.bytesQueued} bytes queued`);
  assert.ok(state.pending <= TYPES.length * (NAMES + 10), `${state.pending} names pending`);
  // 100 rounds changed 200 MB.
  assert.ok(grown < 10 * 1024 * 1024, `${grown} bytes grown`);

  // It reads again: it gets the last state, each resource once more at most.
  socket.resume();
  const answered = new Set<string>();
  const newest = bodies(120)[0]!.version;
  const done = new Set<string>();
  while (done.size < TYPES.length) {
    for (const { typeUrl, nonce, resources } of client.responses.all) {
      if (resources.some(({ name, version }) => name === "n0" && version === newest)) done.add(typeUrl);
      if (answered.has(nonce)) continue;
      answered.add(nonce);
      client.say({ typeUrl, responseNonce: nonce });
    }
    if (done.size < TYPES.length) await client.responses.next(() => true);
  }
  const resources = client.responses.all.reduce((sum, response) => sum + response.resources.length, 0);
  assert.ok(resources <= 2 * TYPES.length * (NAMES + 1), `${resources} resources sent in all`);
});

test("a client that stops reading is ended and its connection cut", LIMIT, async (t) => {
  const { server, events, view, clock, socket } = await stopped(t);
  clock.pass(60_000);
  const closed = await events.seen(isKind("closed"));
  assert.equal(closed.reason, "unanswered");
  assert.deepEqual(server.streams(), []);
  assert.equal(view.watchers, 0);
  const cut = once(socket, "close");
  // It cannot be told: what it was sent before is in the way.
  clock.pass(5000);
  socket.resume();
  await cut;
});
