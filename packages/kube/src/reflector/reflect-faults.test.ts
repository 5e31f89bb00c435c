import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fault } from "@carrick/lab";
import { namespace, protocols, reflecting, type Setup, type SetupOptions } from "./fixture.ts";

/** So many objects that a list is longer than what a body fault lets through. */
const names = Array.from({ length: 20 }, (_, i) => `n${String(i).padStart(2, "0")}`);
/** Short, since these tests wait for real silence; a machine that is slow for so long only adds a failure. */
const timeouts = { headersMs: 300, silentMs: 300, pingEveryMs: 50, pingTimeoutMs: 300 };

function planted(fault: Fault, more: SetupOptions = {}): SetupOptions {
  return {
    client: { timeouts },
    timings: { silentMs: 300 },
    ...more,
    prepare: ({ faults, objects }) => {
      for (const name of names) objects.apply(namespace(name, "1"));
      faults.add(fault);
    },
  };
}

/** Everything is told in the end, each change once, and the watch goes on. */
async function heals({ server, sink }: Setup): Promise<void> {
  await sink.until(() => sink.values.size === names.length && sink.last?.phase === "watching");
  server.objects.apply(namespace("last", "1"));
  await sink.until(() => sink.values.has("last"));
  assert.deepEqual(
    sink.changes,
    [...names, "last"].map((name) => `${name}=1`),
  );
  assert.equal(sink.last?.error, undefined);
}

const effects: Fault["effect"][] = [
  { kind: "status", code: 500 },
  { kind: "status", code: 503 },
  { kind: "status", code: 401 },
  { kind: "status", code: 403 },
  { kind: "reset" },
  { kind: "hang" },
  { kind: "silent" },
  { kind: "hangBody", afterBytes: 2_000 },
  { kind: "cutBody", afterBytes: 2_000 },
  { kind: "slowBody", bytesPerSecond: 100_000 },
];

for (const protocol of protocols) {
  const named = (name: string): string => `${protocol}: ${name}`;

  for (const effect of effects) {
    const what = `${effect.kind}${effect.kind === "status" ? ` ${effect.code}` : ""}`;
    const least = effect.kind === "slowBody" ? 0 : 2;
    // HTTP/1.1 itself sends a GET again whose kept connection turns out to be closed.
    const atWatch = effect.kind === "reset" && protocol === "HTTP/1.1" ? 1 : least;
    const timed = !["status", "reset", "cutBody"].includes(effect.kind);

    for (const streamLists of [true, false]) {
      test(named(`${what} twice at the list ${streamLists ? "as a stream" : "in pages"}`), () =>
        reflecting(protocol, planted({ effect, count: 2 }, { streamLists }), async (setup) => {
          await heals(setup);
          const { failures } = setup.reflector.counts;
          assert.ok(timed ? failures >= least : failures === least, `${failures} failures`);
        }),
      );
    }

    // A body that is cut or hangs after 2,000 bytes does so only in a watch that says as much.
    if (effect.kind === "cutBody" || effect.kind === "hangBody") continue;

    test(named(`${what} twice at the watch`), () =>
      reflecting(
        protocol,
        planted({ effect, count: 2, path: /[?&]resourceVersion=/ }, { streamLists: false }),
        async (setup) => {
          await heals(setup);
          const { failures, lists } = setup.reflector.counts;
          assert.ok(timed ? failures >= atWatch : failures === atWatch, `${failures} failures`);
          assert.equal(lists, 1, "the watch went on without a list");
        },
      ),
    );
  }

  for (const kind of ["malformedLine", "truncatedLine"] as const) {
    test(named(`${kind}: the watch is broken, counted and goes on from the last event`), () =>
      reflecting(
        protocol,
        planted({ effect: { kind, afterLines: 2 }, path: /[?&]resourceVersion=/, count: 1 }, { streamLists: false }),
        async (setup) => {
          const { server, sink, reflector, malformed } = setup;
          await sink.watching();
          for (const name of ["x", "y", "z"]) server.objects.apply(namespace(name, "1"));
          await sink.until(() => sink.values.has("z"));
          assert.deepEqual(sink.changes.slice(names.length), ["x=1", "y=1", "z=1"]);
          assert.deepEqual(reflector.counts, {
            lists: 1,
            watches: 2,
            failures: 1,
            malformedLines: 1,
            malformedObjects: 0,
          });
          assert.equal(malformed.length, 1);
          assert.match(
            malformed[0]!,
            /namespaces: the watch (sent a line that is no event|ended inside a line of \d+ bytes)/,
          );
        },
      ),
    );
  }

  test(named("a line that stays malformed is got around by a list"), () =>
    reflecting(
      protocol,
      planted(
        { effect: { kind: "malformedLine", afterLines: 0 }, path: /[?&]resourceVersion=/, count: 3 },
        { streamLists: false },
      ),
      async (setup) => {
        const { server, sink, reflector } = setup;
        for (let i = 1; i <= 3; i += 1) {
          await sink.until(() => reflector.counts.watches === i && sink.last?.phase === "watching");
          server.objects.apply(namespace("x", String(i)));
        }
        await sink.until(() => sink.values.get("x") === "3" && sink.syncs === 2);
        assert.deepEqual([reflector.counts.malformedLines, reflector.counts.lists], [3, 2]);
      },
    ),
  );

  test(named("a line that is too long is broken off, and got around by a list"), () =>
    reflecting(protocol, { streamLists: false, maxLineBytes: 2_000 }, async ({ server, sink, reflector }) => {
      await sink.watching();
      server.objects.apply({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "x", annotations: { a: "x".repeat(3_000) } },
      });
      await sink.until(() => sink.values.has("x") && sink.syncs === 2);
      assert.deepEqual([reflector.counts.malformedLines, reflector.counts.lists], [3, 2]);
    }),
  );

  test(named("429: Retry-After is obeyed"), () =>
    reflecting(
      protocol,
      planted({ effect: { kind: "status", code: 429, retryAfterSeconds: 7 }, count: 3 }),
      async (setup) => {
        await heals(setup);
        assert.deepEqual(setup.clock.waits, [7_000, 7_000, 7_000]);
      },
    ),
  );

  test(named("waits double and begin anew after an event"), () =>
    reflecting(protocol, planted({ effect: { kind: "status", code: 403 }, count: 5 }), async (setup) => {
      await heals(setup);
      const { server, clock, sink } = setup;
      assert.deepEqual(clock.waits, [100, 200, 400, 800, 1_600]);
      server.faults.add({ effect: { kind: "status", code: 503 }, count: 1 });
      server.breakConnections("reset");
      await sink.until(() => sink.last?.phase === "waiting");
      await sink.watching();
      assert.deepEqual(clock.waits.slice(5), [100, 200]);
    }),
  );

  test(named("410 as an HTTP status, at the watch and in the middle of a list"), () =>
    reflecting(
      protocol,
      planted(
        { effect: { kind: "status", code: 410 }, path: /continue=/, count: 1 },
        { streamLists: false, pageSize: 5 },
      ),
      async (setup) => {
        await heals(setup);
        assert.deepEqual(setup.reflector.counts, {
          lists: 1,
          watches: 1,
          failures: 1,
          malformedLines: 0,
          malformedObjects: 0,
        });
        setup.server.faults.add({ effect: { kind: "status", code: 410 }, path: /[?&]resourceVersion=/, count: 1 });
        setup.server.breakConnections("reset");
        await setup.sink.until(() => setup.sink.syncs === 2);
        assert.equal(setup.sink.changes.length, names.length + 1, "nothing had changed, so nothing was told");
      },
    ),
  );

  test(named("a connection that dies silently is noticed while nothing happens"), () => {
    // Of the two ways to notice it, HTTP/2 has the better one.
    const [silentMs, said] =
      protocol === "HTTP/2"
        ? [600_000, /no answer to a PING within 300 ms/]
        : [300, /nothing more of the answer within 300 ms/];
    return reflecting(protocol, { client: { timeouts }, timings: { silentMs } }, async ({ server, sink }) => {
      await sink.watching();
      server.breakConnections("silent");
      server.objects.apply(namespace("last", "1"));
      await sink.until(() => sink.values.has("last"));
      const errors = sink.states.flatMap((state) => state.error?.message ?? []);
      assert.match(errors[0] ?? "", said);
    });
  });

  test(named("objects too large for a page come in smaller ones"), () =>
    reflecting(
      protocol,
      {
        streamLists: false,
        client: { limits: { bodyBytes: 3_000 } },
        prepare: ({ objects }) => {
          for (const name of names) objects.apply(namespace(name, "1"));
        },
      },
      async (setup) => {
        await heals(setup);
        assert.equal(setup.reflector.counts.failures, 0);
        const limits = setup.asked.flatMap((one) => /limit=(\d+)/.exec(one)?.[1] ?? []);
        assert.deepEqual(limits.slice(0, 4), ["500", "125", "32", "8"]);
      },
    ),
  );
}
