import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { controllerName, nodeName } from "../../../lab/src/trust/index.ts";
import { connectDelta } from "./delta-client.ts";
import type { DeltaClient, DeltaClientEvent, DeltaClientOptions } from "./delta-client.ts";
import {
  DOMAIN,
  EDGE,
  EventLog,
  isKind,
  ManualClock,
  material,
  MemoryView,
  resource,
  serve,
  MARK,
  THING,
} from "./fixture.ts";
import type { Update } from "./held-type.ts";

const LIMIT = { timeout: 20_000 };

interface Connected {
  readonly client: DeltaClient;
  readonly updates: EventLog<Update>;
  readonly events: EventLog<DeltaClientEvent>;
}

async function connected(t: TestContext, options: Pick<DeltaClientOptions, "servers"> & Partial<DeltaClientOptions>) {
  const own = await material({ uris: [EDGE] });
  const updates = new EventLog<Update>();
  const events = new EventLog<DeltaClientEvent>();
  const client = connectDelta({
    domain: DOMAIN,
    tls: () => own,
    apply: (update) => {
      // The state is as before the update while it is applied, so tests look at it in a later turn.
      setImmediate(() => updates.add(update));
      return undefined;
    },
    backoff: { minMs: 1, maxMs: 20 },
    on: events.add,
    ...options,
  });
  t.after(() => client.close());
  return { client, updates, events } satisfies Connected;
}

function names(held: ReadonlyMap<string, unknown>): string[] {
  return [...held.keys()].sort();
}

test("holds what it subscribed to, follows changes, forgets what it unsubscribed from", LIMIT, async (t) => {
  const view = new MemoryView().set(THING, resource("a", "1"), resource("b", "1"));
  view.set(MARK, resource("a", "1"), resource("b", "1"), resource("c", "1"));
  const { server, events } = await serve(t, view);
  const { client, updates } = await connected(t, { servers: [server.address] });
  client.subscribe(THING, ["*"]);
  client.subscribe(MARK, ["a", "b"]);
  await updates.seen(({ type }) => type === MARK);
  await updates.seen(({ type }) => type === THING);
  assert.equal(client.connected, true);
  assert.deepEqual(names(client.held(THING)), ["a", "b"]);
  assert.deepEqual(names(client.held(MARK)), ["a", "b"]);
  assert.equal(client.held(THING).get("a"), resource("a", "1").version);

  client.subscribe(MARK, ["b", "c"]);
  const more = await updates.seen(({ type, resources }) => type === MARK && resources[0]?.name === "c");
  assert.equal(more.resources.length, 1);
  view.set(THING, resource("a", "2"));
  const { resources } = await updates.seen(({ resources }) =>
    resources.some(({ version }) => version === resource("a", "2").version),
  );
  assert.equal(Buffer.from(resources[0]!.body).toString(), "2");
  assert.equal(client.held(THING).get("a"), resource("a", "2").version);
  client.unsubscribe(MARK, ["a"]);
  assert.deepEqual(names(client.held(MARK)), ["b", "c"]);
  view.delete(MARK, "b");
  await updates.seen(({ type, removed }) => type === MARK && removed.includes("b"));
  assert.deepEqual(names(client.held(MARK)), ["c"]);
  assert.equal(events.all.some(isKind("nacked")), false);
});

test("what the callback refuses is not held, and the server hears why", LIMIT, async (t) => {
  const view = new MemoryView().set(THING, resource("a", "bad"));
  const { server, events } = await serve(t, view);
  const { client } = await connected(t, {
    servers: [server.address],
    apply: ({ resources }) => {
      const bad = resources.find(({ body }) => Buffer.from(body).toString() === "bad");
      return bad === undefined ? undefined : `${bad.name}: bad body`;
    },
  });
  client.subscribe(THING, ["*"]);
  assert.equal((await events.seen(isKind("nacked"))).message, "a: bad body");
  assert.equal(client.held(THING).size, 0);
  view.set(THING, resource("a", "good"));
  await events.seen(isKind("acked"));
  assert.deepEqual(names(client.held(THING)), ["a"]);
});

test("after an outage it goes to the other replica, which sends only differences", LIMIT, async (t) => {
  const many = Array.from({ length: 500 }, (_, i) => resource(`c${i}`, `body ${i}`));
  const views = [0, 1].map(() => new MemoryView().set(THING, ...many).set(MARK, resource("c1", "e")));
  const first = await serve(t, views[0]!);
  const second = await serve(t, views[1]!);
  const { client, updates, events } = await connected(t, { servers: [first.server.address, second.server.address] });
  client.subscribe(THING, ["*"]);
  client.subscribe(MARK, ["c1"]);
  await updates.seen(({ type }) => type === MARK);
  await updates.seen(({ type }) => type === THING);
  const away = events.seen(({ kind }) => kind === "disconnected");
  await first.server.close(0);
  await away;
  assert.equal(client.connected, false);
  assert.equal(client.held(THING).size, 500);

  await second.events.seen(isKind("opened"));
  views[1]!.set(THING, resource("c7", "changed"));
  await updates.seen(({ resources }) => resources.some(({ version }) => version === resource("c7", "changed").version));
  const sent = second.events.all.filter(isKind("sent"));
  assert.deepEqual(
    sent.flatMap((event) => [...event.names, ...event.removed]),
    ["c7"],
  );
  assert.equal(client.held(THING).size, 500);
});

test("when its connection gets old it comes back and is sent nothing", LIMIT, async (t) => {
  const clock = new ManualClock();
  const view = new MemoryView().set(THING, resource("a", "1"));
  const limits = { age: { minMs: 1000, maxMs: 1000 } };
  const { server, events } = await serve(t, view, { clock, limits });
  const { client } = await connected(t, { servers: [server.address] });
  client.subscribe(THING, ["*"]);
  await events.seen(isKind("acked"));
  const back = events.next(isKind("opened"));
  clock.pass(1000);
  await back;
  assert.equal((await events.seen(isKind("closed"))).reason, "age");
  const change = events.next(isKind("sent"));
  view.set(THING, resource("b", "1"));
  assert.deepEqual(((await change) as { names: unknown }).names, ["b"]);
});

test("it waits longer after each failure, never twice the same", LIMIT, async (t) => {
  // A port that nobody listens on.
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  holder.close();
  await once(holder, "close");
  const clock = new ManualClock();
  const draws = [0, 0.5, 0, 0.5];
  const servers = [{ address: "127.0.0.1", port }];
  const { events } = await connected(t, {
    servers,
    clock,
    random: () => draws.shift() ?? 0,
    backoff: { minMs: 100, maxMs: 400 },
  });
  const waits: number[] = [];
  for (let failures = 0; failures < 4; failures++) {
    const event = events.all[failures] ?? (await events.next(() => true));
    assert.equal(event.kind, "disconnected");
    assert.match(event.message, /^UNAVAILABLE: /);
    waits.push(event.retryInMs);
    clock.pass(event.retryInMs);
  }
  assert.deepEqual(waits, [50, 150, 200, 300]);
});

for (const [what, uri, message] of [
  ["is no controller", nodeName(DOMAIN, "london", "n1"), /n1 is no controller/],
  ["is of another domain", controllerName("other.test", "london"), /not of the trust domain/],
] as const) {
  test(`a server that ${what} is told nothing`, LIMIT, async (t) => {
    const other = await material({ uris: [uri] });
    const running = await serve(t, new MemoryView(), { tls: () => other });
    const { client, events } = await connected(t, { servers: [running.server.address] });
    client.subscribe(THING, ["*"]);
    const event = await events.seen(({ kind }) => kind === "disconnected");
    assert.equal(event.kind, "disconnected");
    assert.match(event.kind === "disconnected" ? event.message : "", message);
    client.close();
    assert.equal(running.events.all.some(isKind("opened")), false);
  });
}

test("material of no use is an error at the start, and a failure later", LIMIT, async (t) => {
  const { server } = await serve(t, new MemoryView());
  const good = await material({ uris: [EDGE] });
  const options = { servers: [server.address], domain: DOMAIN, apply: () => undefined };
  assert.throws(() => connectDelta({ ...options, tls: () => ({ ...good, key: "" }) }), /^XdsError: tls\.key: holds no/);

  const supply = [good, { ...good, certificate: "" }, good];
  const { client, events } = await connected(t, { servers: [server.address], tls: () => supply.shift() ?? good });
  client.subscribe(THING, ["*"]);
  await events.seen(({ kind }) => kind === "connected");
  const failed = events.next((event) => event.kind === "disconnected" && /tls\.certificate/.test(event.message));
  await server.close(0);
  await failed;
});
