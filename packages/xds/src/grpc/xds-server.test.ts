import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { DEFAULT_LIMITS } from "../protocol/index.ts";
import {
  EDGE,
  isKind,
  ManualClock,
  material,
  MemoryView,
  raw,
  RawClient,
  resource,
  serve,
  MARK,
  THING,
} from "./fixture.ts";
import type { RawClient as Raw } from "./fixture.ts";

const LIMIT = { timeout: 20_000 };
const things = (count: number) => Array.from({ length: count }, (_, i) => resource(`c${i}`, `thing ${i}`));

/** Answers each response as it comes. */
function answering(client: Raw): void {
  const answer = async (from: number): Promise<void> => {
    const response = client.responses.all[from] ?? (await client.responses.next(() => true));
    client.say({ typeUrl: response.typeUrl, responseNonce: response.nonce });
    return answer(from + 1);
  };
  void answer(0);
}

test("what changes is sent, acknowledged and counted", LIMIT, async (t) => {
  const view = new MemoryView().set(THING, ...things(3));
  const { server, events } = await serve(t, view);
  const client = await raw(t, server);
  answering(client);
  client.say({ typeUrl: THING });
  const acked = await events.seen(isKind("acked"));
  assert.deepEqual({ type: acked.type, names: acked.names }, { type: THING, names: 3 });
  assert.ok(acked.ms >= 0);

  view.set(THING, resource("c1", "changed"));
  await client.responses.seen(({ nonce }) => nonce === "2");
  view.delete(THING, "c2");
  await client.responses.seen(({ nonce }) => nonce === "3");
  assert.deepEqual(
    client.responses.all.map(({ resources, removedResources }) => [
      resources.map(({ name }) => name),
      removedResources,
    ]),
    [
      [["c0", "c1", "c2"], []],
      [["c1"], []],
      [[], ["c2"]],
    ],
  );
  while (events.all.filter(isKind("acked")).length < 3) await events.next(isKind("acked"));

  const sent = events.all.filter(isKind("sent"));
  assert.deepEqual(
    sent.map(({ names, removed, bytes }) => ({ names, removed, bytes })),
    [
      { names: ["c0", "c1", "c2"], removed: [], bytes: client.bytes[0]!.length },
      { names: ["c1"], removed: [], bytes: client.bytes[1]!.length },
      { names: [], removed: ["c2"], bytes: client.bytes[2]!.length },
    ],
  );
  const [state] = server.streams();
  assert.deepEqual(
    {
      bytesSent: state!.bytesSent,
      bytesQueued: state!.bytesQueued,
      pending: state!.pending,
      rejections: state!.rejections,
    },
    { bytesSent: Buffer.concat(client.bytes).length, bytesQueued: 0, pending: 0, rejections: [] },
  );
  assert.equal(state!.types[0]!.held, 2);
});

test("any number of changes in one turn are one response", LIMIT, async (t) => {
  const view = new MemoryView().set(THING, ...things(1));
  const { server, events } = await serve(t, view);
  const client = await raw(t, server);
  answering(client);
  client.say({ typeUrl: THING });
  await events.seen(isKind("acked"));
  for (const thing of things(50).slice(1)) view.set(THING, thing);
  const response = await client.responses.seen(({ nonce }) => nonce === "2");
  assert.equal(response.resources.length, 49);
});

test("a refusal is told, with the name, and shown in the stream's state", LIMIT, async (t) => {
  const view = new MemoryView().set(THING, resource("bad", "body"));
  const { server, events } = await serve(t, view);
  const client = await raw(t, server);
  client.say({ typeUrl: THING });
  const { nonce } = await client.responses.seen(() => true);
  client.say({ typeUrl: THING, responseNonce: nonce, errorDetail: { code: 13, message: "no such thing" } });
  const nacked = await events.seen(isKind("nacked"));
  assert.deepEqual({ names: nacked.names, message: nacked.message }, { names: ["bad"], message: "no such thing" });
  assert.deepEqual(server.streams()[0]!.rejections, [
    { type: THING, name: "bad", version: resource("bad", "body").version, message: "no such thing" },
  ]);
});

test("two servers over equal views send identical bytes", LIMIT, async (t) => {
  const bytes: Buffer[][] = [];
  for (const order of [things(100), things(100)]) {
    const view = new MemoryView().set(THING, ...order).set(MARK, resource("l", "listener"));
    const { server, events } = await serve(t, view);
    const client = await raw(t, server);
    client.say({ typeUrl: THING });
    const first = await client.responses.seen(({ typeUrl }) => typeUrl === THING);
    client.say({ typeUrl: THING, responseNonce: first.nonce });
    await events.seen(isKind("acked"));
    client.say({ typeUrl: MARK });
    await client.responses.seen(({ typeUrl }) => typeUrl === MARK);
    bytes.push(client.bytes);
  }
  assert.equal(bytes[0]!.length, 2);
  assert.deepEqual(bytes[0], bytes[1]);
});

test("a client that comes back with its versions gets no resource, from any replica", LIMIT, async (t) => {
  const all = things(2000);
  const held = Object.fromEntries(all.map(({ name, version }) => [name, version]));
  const view = new MemoryView().set(THING, ...all);
  const { server, events } = await serve(t, view);
  const client = await raw(t, server);
  client.say({ typeUrl: THING, initialResourceVersions: held });
  client.say({ typeUrl: MARK, resourceNamesSubscribe: ["none"] });
  // The second type's answer comes after anything that the first could have caused.
  const answer = await client.responses.seen(({ typeUrl }) => typeUrl === MARK);
  assert.deepEqual(answer.removedResources, ["none"]);
  assert.deepEqual(
    events.all.filter(isKind("sent")).flatMap(({ names }) => names),
    [],
  );
  assert.ok(Buffer.concat(client.bytes).length < 200);
  for (const { typeUrl, nonce } of client.responses.all) client.say({ typeUrl, responseNonce: nonce });
  view.set(THING, resource("c7", "changed"));
  const change = await client.responses.seen(({ resources }) => resources.length > 0);
  assert.deepEqual(
    change.resources.map(({ name }) => name),
    ["c7"],
  );
});

test("what a refused response may have left behind is removed on the next stream", LIMIT, async (t) => {
  const view = new MemoryView().set(THING, ...things(2));
  const { server, events } = await serve(t, view);
  const client = await raw(t, server);
  client.say({ typeUrl: THING });
  const { nonce } = await client.responses.seen(() => true);
  client.say({ typeUrl: THING, responseNonce: nonce, errorDetail: { code: 13, message: "c0: bad" } });
  await events.seen(isKind("nacked"));
  client.close();
  await events.seen(isKind("closed"));
  view.delete(THING, "c1");

  const next = await raw(t, server);
  next.say({ typeUrl: THING });
  answering(next);
  const response = await next.responses.seen(({ removedResources }) => removedResources.length > 0);
  assert.deepEqual(response.removedResources, ["c1"]);
  // A client of another name is not told of it.
  const other = await raw(t, server, { uris: [EDGE.replace("e1", "e2")] });
  other.say({ typeUrl: THING });
  assert.deepEqual((await other.responses.seen(() => true)).removedResources, []);
});

test("a client that does not answer is ended, and resumes", LIMIT, async (t) => {
  const clock = new ManualClock();
  const view = new MemoryView().set(MARK, resource("l1", "body"));
  const { server, events } = await serve(t, view, { clock });
  const client = await raw(t, server);
  client.say({ typeUrl: MARK });
  await client.responses.seen(() => true);
  // An answer in between starts the time again.
  clock.pass(59_000);
  client.say({ typeUrl: MARK, responseNonce: "1" });
  await events.seen(isKind("acked"));
  view.set(MARK, resource("l1", "changed"));
  await client.responses.seen(({ nonce }) => nonce === "2");
  clock.pass(59_999);
  assert.equal(server.streams().length, 1);
  clock.pass(1);
  assert.equal(await client.ended, "UNAVAILABLE: no answer for 60 s; connect again, what you hold is kept");
  assert.equal((await events.seen(isKind("closed"))).reason, "unanswered");
  assert.equal(view.watchers, 0);

  const next = await raw(t, server);
  next.say({ typeUrl: MARK, initialResourceVersions: { l1: resource("l1", "changed").version } });
  view.set(MARK, resource("l2", "new"));
  const response = await next.responses.seen(() => true);
  assert.deepEqual(
    response.resources.map(({ name }) => name),
    ["l2"],
  );
});

test("connections end at random ages within the bounds", LIMIT, async (t) => {
  const clock = new ManualClock();
  const draws = [0, 0.5];
  const { server, events } = await serve(t, new MemoryView(), {
    clock,
    random: () => draws.shift()!,
    limits: { age: { minMs: 1000, maxMs: 3000 } },
  });
  const early = await raw(t, server);
  early.say({ typeUrl: THING });
  await early.responses.seen(() => true);
  const late = await raw(t, server);
  late.say({ typeUrl: THING });
  await late.responses.seen(() => true);
  clock.pass(999);
  assert.equal(server.streams().length, 2);
  clock.pass(1);
  assert.match(await early.ended, /^OK: the connection reached its age/);
  assert.equal(server.streams().length, 1);
  clock.pass(1000);
  assert.match(await late.ended, /^OK: /);
  const reasons = events.all.filter(isKind("closed")).map(({ reason }) => reason);
  assert.deepEqual(reasons, ["age", "age"]);
});

test("the number of streams is bounded, in all and for each peer", LIMIT, async (t) => {
  const { server, events } = await serve(t, new MemoryView(), { limits: { streams: 3, streamsPerPeer: 2 } });
  const opened = async (uri: string): Promise<RawClient> => {
    const client = await raw(t, server, { uris: [uri] });
    client.say({ typeUrl: THING });
    await client.responses.seen(() => true);
    return client;
  };
  const first = await opened(EDGE);
  await opened(EDGE);
  const third = await raw(t, server);
  assert.equal(
    await third.ended,
    `RESOURCE_EXHAUSTED: ${EDGE} has 2 streams, the limit; give each client a certificate of its own`,
  );
  await opened(EDGE.replace("e1", "e2"));
  const fourth = await raw(t, server, { uris: [EDGE.replace("e1", "e3")] });
  assert.equal(await fourth.ended, "RESOURCE_EXHAUSTED: this server has 3 streams, its limit; try another");
  first.close();
  await events.seen(isKind("closed"));
  await opened(EDGE);
  assert.equal(server.streams().length, 3);
});

const SMALL = { ...DEFAULT_LIMITS, names: 100, nameLength: 64, types: 4 };

for (const [what, attack, end] of [
  [
    "too many names at once",
    (client: Raw) => client.say({ typeUrl: MARK, resourceNamesSubscribe: manyNames(101) }),
    /^RESOURCE_EXHAUSTED: /,
  ],
  [
    "too many names, a few at a time",
    (client: Raw) => {
      for (const name of manyNames(101)) client.say({ typeUrl: MARK, resourceNamesSubscribe: [name] });
    },
    /^RESOURCE_EXHAUSTED: /,
  ],
  [
    "too many versions",
    (client: Raw) => {
      client.say({
        typeUrl: THING,
        initialResourceVersions: Object.fromEntries(manyNames(101).map((n) => [n, "1"])),
      });
    },
    /^RESOURCE_EXHAUSTED: /,
  ],
  [
    "a huge name",
    (client: Raw) => client.say({ typeUrl: MARK, resourceNamesSubscribe: ["n".repeat(65)] }),
    /^RESOURCE_EXHAUSTED: /,
  ],
  ["a huge type URL", (client: Raw) => client.say({ typeUrl: "t".repeat(65) }), /^RESOURCE_EXHAUSTED: /],
  [
    "too many types",
    (client: Raw) => {
      for (const name of manyNames(5)) client.say({ typeUrl: name });
    },
    /^RESOURCE_EXHAUSTED: /,
  ],
  [
    "a huge message",
    (client: Raw) => client.write(new Uint8Array(64 * 1024 + 1)),
    /^RESOURCE_EXHAUSTED: Received message larger than max/,
  ],
  [
    "garbage",
    (client: Raw) => client.write(new Uint8Array(1000).fill(0xff)),
    /^INVALID_ARGUMENT: the message is no Delta/,
  ],
] as const) {
  test(`a hostile client loses its stream and nothing else: ${what}`, LIMIT, async (t) => {
    const view = new MemoryView().set(THING, ...things(1));
    const limits = { requestBytes: 64 * 1024 };
    const { server } = await serve(t, view, { limits, sequencer: { limits: SMALL } });
    const neighbour = await raw(t, server, { uris: [EDGE.replace("e1", "e2")] });
    neighbour.say({ typeUrl: THING });
    const { nonce } = await neighbour.responses.seen(() => true);
    neighbour.say({ typeUrl: THING, responseNonce: nonce });

    const client = await raw(t, server);
    attack(client);
    assert.match(await client.ended, end);
    view.set(THING, resource("c0", "changed"));
    await neighbour.responses.seen((response) => response.nonce !== nonce);
    assert.deepEqual(
      server.streams().map(({ peer }) => peer.uri),
      [EDGE.replace("e1", "e2")],
    );
    assert.equal(view.watchers, 1);
  });
}

test("answers to what was never sent change nothing", LIMIT, async (t) => {
  const { server, events } = await serve(t, new MemoryView().set(THING, ...things(1)));
  const client = await raw(t, server);
  for (let i = 5; i < 25; i++) client.say({ typeUrl: THING, responseNonce: String(i) });
  const { nonce } = await client.responses.seen(() => true);
  client.say({ typeUrl: THING, responseNonce: nonce });
  await events.seen(isKind("acked"));
  client.say({ typeUrl: THING, responseNonce: nonce });
  client.say({ typeUrl: MARK, resourceNamesSubscribe: ["none"] });
  await client.responses.seen(({ typeUrl }) => typeUrl === MARK);
  assert.equal(events.all.filter(isKind("acked")).length, 1);
});

test("a defect of a view ends the stream, not the server, and is not told to the client", LIMIT, async (t) => {
  const broken = new MemoryView().set(THING, ...things(1));
  const fail = (): never => {
    throw new Error("inner detail");
  };
  broken.source = () => ({ get: fail, names: () => ["c0"], complete: () => true });
  const whole = new MemoryView().set(THING, ...things(1));
  const { server, events } = await serve(t, whole, {
    view: (peer) => {
      if (peer.role !== "edge" || peer.name === "e3") throw new Error("inner detail");
      return peer.name === "e1" ? broken : whole;
    },
  });
  const client = await raw(t, server);
  client.say({ typeUrl: THING });
  assert.equal(await client.ended, "INTERNAL: the server failed; its log says why");
  const closed = await events.seen(isKind("closed"));
  assert.equal(closed.reason, "defect");
  assert.match(closed.message, /inner detail/);
  const unseen = await raw(t, server, { uris: [EDGE.replace("e1", "e3")] });
  assert.equal(await unseen.ended, "INTERNAL: the server failed; its log says why");
  assert.match((await events.seen(isKind("refused"))).message, /e3: no view could be made: Error: inner detail/);
  const other = await raw(t, server, { uris: [EDGE.replace("e1", "e2")] });
  other.say({ typeUrl: THING });
  await other.responses.seen(() => true);
});

test("closing tells the clients, and ends when they are gone", LIMIT, async (t) => {
  const { server, events } = await serve(t, new MemoryView());
  const client = await raw(t, server);
  client.say({ typeUrl: THING });
  await client.responses.seen(() => true);
  const silent = new RawClient(server.address, await material({ uris: [EDGE] }));
  t.after(() => silent.close());
  await server.close(10_000);
  assert.match(await client.ended, /^UNAVAILABLE: the server is ending; connect to another/);
  assert.equal((await events.seen(isKind("closed"))).reason, "shutdown");
  assert.deepEqual(server.streams(), []);
  const late = new RawClient(server.address, await material({ uris: [EDGE] }));
  assert.match(await late.ended, /^UNAVAILABLE: /);
  late.close();
});

test("a connection that never shakes hands does not hold up the end", LIMIT, async (t) => {
  const { server } = await serve(t, new MemoryView());
  const socket = connect(server.address.port, server.address.address);
  t.after(() => socket.destroy());
  await once(socket, "connect");
  const gone = once(socket, "close");
  await server.close(0);
  await gone;
});

function manyNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `name-${i}`);
}
