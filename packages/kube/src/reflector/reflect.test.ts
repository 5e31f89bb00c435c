import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiServer } from "@carrick/lab";
import {
  connect,
  FastClock,
  label,
  namespace,
  namespaces,
  protocols,
  Recorder,
  reflecting,
  startServer,
} from "./fixture.ts";
import { reflect } from "./reflect.ts";

/** Cuts the watch, and waits for the next one. */
async function resume(server: ApiServer, sink: Recorder): Promise<void> {
  server.breakConnections("reset");
  await sink.until(() => sink.last?.phase !== "watching");
  await sink.watching();
}

for (const protocol of protocols) {
  const named = (name: string): string => `${protocol}: ${name}`;

  test(named("a list as a stream of events, then every change in its order"), () =>
    reflecting(
      protocol,
      {
        prepare: ({ objects }) => {
          objects.apply(namespace("a", "1"));
          objects.apply(namespace("b", "1"));
        },
      },
      async ({ server, sink, asked, reflector }) => {
        await sink.watching();
        assert.deepEqual(
          [...sink.values],
          [
            ["a", "1"],
            ["b", "1"],
          ],
        );
        assert.equal(sink.syncs, 1);
        server.objects.apply(namespace("a", "2"));
        server.objects.delete({ apiVersion: "v1", kind: "Namespace", name: "b" });
        server.objects.apply(namespace("b", "3"));
        server.objects.apply(namespace("a", "4"));
        await sink.until(() => sink.values.get("a") === "4");
        assert.deepEqual(sink.changes, ["a=1", "b=1", "a=2", "-b", "b=3", "a=4"]);
        assert.deepEqual(reflector.counts, {
          lists: 1,
          watches: 1,
          failures: 0,
          malformedLines: 0,
          malformedObjects: 0,
        });
        assert.deepEqual(asked, [
          "/api/v1/namespaces?watch=true&allowWatchBookmarks=true&timeoutSeconds=240&sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
        ]);
        assert.deepEqual(
          sink.states.map(({ phase }) => phase),
          ["connecting", "listing", "watching"],
        );
      },
    ),
  );

  test(named("a list in pages, told in slices between which others get their turn"), () => {
    let turns = 0;
    let running = true;
    const spin = (): void => {
      turns += 1;
      if (running) setImmediate(spin);
    };
    const turnsAt: number[] = [];
    return reflecting(
      protocol,
      {
        streamLists: false,
        sliceSize: 100,
        project: (object) => {
          turnsAt.push(turns);
          return label(object);
        },
        prepare: ({ objects }) => {
          for (let i = 0; i < 1_201; i += 1) objects.apply(namespace(`n${i}`, "x"));
          spin();
        },
      },
      async ({ server, sink, asked }) => {
        await sink.watching();
        running = false;
        assert.equal(sink.values.size, 1_201);
        assert.equal(sink.syncs, 1);
        assert.deepEqual(
          sink.batches.map((batch) => batch.length),
          [100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 1],
        );
        assert.equal(new Set(turnsAt).size, 13, "no two slices in one turn of the event loop");
        assert.equal(asked.filter((one) => one.startsWith("/api/v1/namespaces?limit=500")).length, 3);
        assert.match(asked[1] ?? "", /&continue=/);
        assert.match(asked[3] ?? "", new RegExp(`watch=true.*&resourceVersion=${server.objects.version}$`));
      },
    );
  });

  test(named("a server that does not stream lists is asked for pages, from then on at once"), () =>
    reflecting(
      protocol,
      {
        prepare: ({ faults, objects }) => {
          faults.add({ path: /sendInitialEvents/, effect: { kind: "status", code: 422 } });
          objects.apply(namespace("a", "1"));
        },
      },
      async ({ server, sink, asked, clock, reflector }) => {
        await sink.watching();
        assert.deepEqual([...sink.values], [["a", "1"]]);
        server.objects.apply(namespace("a", "2"));
        server.compact();
        server.breakConnections("reset");
        server.faults.add({ path: /resourceVersion=/, count: 1, effect: { kind: "status", code: 410 } });
        await sink.until(() => sink.syncs === 2);
        assert.equal(sink.values.get("a"), "2");
        assert.equal(asked.filter((one) => one.includes("sendInitialEvents")).length, 1);
        assert.equal(reflector.counts.failures, 2);
        assert.deepEqual(clock.waits, [100, 200]);
      },
    ),
  );

  test(named("a streamed list that breaks off is followed by one in pages"), () =>
    reflecting(
      protocol,
      {
        prepare: ({ faults, objects }) => {
          for (const name of ["a", "b", "c"]) objects.apply(namespace(name, "1"));
          faults.add({ path: /sendInitialEvents/, count: 1, effect: { kind: "truncatedLine", afterLines: 2 } });
        },
      },
      async ({ sink, asked, reflector }) => {
        await sink.watching();
        assert.deepEqual(sink.changes, ["a=1", "b=1", "c=1"], "what had been told is not told again");
        assert.deepEqual(
          asked.map((one) => /limit|sendInitialEvents|resourceVersion/.exec(one)?.[0]),
          ["sendInitialEvents", "limit", "resourceVersion"],
        );
        assert.equal(reflector.counts.malformedLines, 1);
      },
    ),
  );

  test(named("selectors and a namespace narrow what is told"), () =>
    reflecting(
      protocol,
      {
        resource: { group: "", version: "v1", plural: "secrets", namespace: "shop" },
        fieldSelector: "metadata.name=cert",
        labelSelector: "v",
        prepare: ({ objects }) => {
          for (const [ns, name] of [
            ["shop", "cert"],
            ["shop", "other"],
            ["bank", "cert"],
          ]) {
            objects.apply({ apiVersion: "v1", kind: "Secret", metadata: { namespace: ns, name, labels: { v: "1" } } });
          }
        },
      },
      async ({ server, sink }) => {
        await sink.watching();
        assert.deepEqual([...sink.values.keys()], ["shop/cert"]);
        server.objects.apply({ apiVersion: "v1", kind: "Secret", metadata: { namespace: "shop", name: "cert" } });
        await sink.until(() => sink.values.size === 0);
        assert.deepEqual(sink.changes, ["shop/cert=1", "-shop/cert"]);
      },
    ),
  );

  test(named("after a lost connection the watch goes on where it was"), () =>
    reflecting(protocol, { prepare: ({ objects }) => void objects.apply(namespace("a", "1")) }, async (setup) => {
      const { server, sink, asked, reflector } = setup;
      await sink.watching();
      const first = server.objects.version;
      server.breakConnections("reset");
      server.objects.apply(namespace("b", "1"));
      await sink.until(() => sink.values.has("b"));
      server.breakConnections("reset");
      server.objects.delete({ apiVersion: "v1", kind: "Namespace", name: "a" });
      await sink.until(() => !sink.values.has("a"));
      assert.deepEqual(sink.changes, ["a=1", "b=1", "-a"]);
      assert.equal(reflector.counts.lists, 1);
      assert.deepEqual(
        asked.map((one) => /resourceVersion=\d+/.exec(one)?.[0]),
        [undefined, `resourceVersion=${first}`, `resourceVersion=${first + 1}`],
      );
    }),
  );

  for (const streamLists of [true, false]) {
    test(
      named(`410: a list ${streamLists ? "as a stream" : "in pages"} is compared, and only differences are told`),
      () => {
        let projected = 0;
        return reflecting(
          protocol,
          {
            streamLists,
            project: (object) => {
              projected += 1;
              return label(object);
            },
            prepare: ({ objects }) => {
              for (let i = 0; i < 600; i += 1) objects.apply(namespace(`n${i}`, "1"));
            },
          },
          async ({ server, sink, reflector }) => {
            await sink.watching();
            assert.equal(projected, 600);
            sink.batches.length = 0;
            server.breakConnections("reset");
            for (let i = 0; i < 250; i += 1)
              server.objects.delete({ apiVersion: "v1", kind: "Namespace", name: `n${i}` });
            server.objects.apply(namespace("n599", "2"));
            server.objects.apply(namespace("new", "1"));
            server.compact();
            await sink.until(() => sink.syncs === 2);
            const gone = Array.from({ length: 250 }, (_, i) => `-n${i}`);
            assert.deepEqual(sink.changes.toSorted(), ["n599=2", "new=1", ...gone].toSorted());
            assert.ok(
              sink.batches.every((batch) => batch.length <= 100),
              "removals come in slices as well",
            );
            assert.equal(projected, 602);
            assert.equal(reflector.counts.lists, 2);
          },
        );
      },
    );
  }

  test(named("a bookmark moves the version on, so that a quiet resource outlives the history"), () =>
    reflecting(
      protocol,
      { serverOptions: { bookmarkMs: 5 }, prepare: ({ objects }) => void objects.apply(namespace("a", "1")) },
      async ({ server, sink, asked, clock, reflector }) => {
        await sink.watching();
        // Changes of another resource only.
        server.objects.apply({ apiVersion: "v1", kind: "Node", metadata: { name: "n" } });
        while (!asked.at(-1)?.endsWith(`resourceVersion=${server.objects.version}`)) {
          const heard = (clock.ms += 2_000);
          await sink.until(() => (sink.last?.heardAt ?? 0) >= heard);
          await resume(server, sink);
        }
        server.compact();
        await resume(server, sink);
        assert.equal(reflector.counts.lists, 1);
      },
    ),
  );

  test(named("stop ends everything at once and tells nothing more"), () =>
    reflecting(protocol, {}, async ({ server, sink, reflector }) => {
      await sink.watching();
      const told = [sink.batches.length, sink.states.length];
      server.objects.apply(namespace("a", "1"));
      reflector.stop();
      await reflector.done;
      server.objects.apply(namespace("b", "1"));
      assert.deepEqual([sink.batches.length, sink.states.length], told);
    }),
  );

  test(named("stop ends a list half-way and a wait"), async () => {
    await reflecting(
      protocol,
      {
        streamLists: false,
        pageSize: 10,
        sliceSize: 10,
        prepare: ({ objects }) => {
          for (let i = 0; i < 100; i += 1) objects.apply(namespace(`n${i}`, "1"));
        },
      },
      async ({ sink, reflector, asked }) => {
        await sink.until(() => sink.values.size === 30);
        reflector.stop();
        await reflector.done;
        assert.deepEqual([sink.values.size, sink.syncs, asked.length], [30, 0, 3]);
      },
    );
    const server = await startServer(protocol);
    const client = connect(server.kubeconfig());
    await server.close();
    const sink = new Recorder();
    const clock = { now: () => 0, after: () => () => undefined };
    const reflector = reflect({ client, resource: namespaces, project: label, sink, clock });
    await sink.until(() => sink.last?.phase === "waiting");
    reflector.stop();
    await reflector.done;
    client.close();
  });

  test(named("closing the client ends the reflector"), () =>
    reflecting(protocol, {}, async ({ client, sink, reflector }) => {
      await sink.watching();
      client.close();
      await reflector.done;
    }),
  );
}

test("a sink that throws ends the reflector, and nothing else", async () => {
  const server = await startServer("HTTP/2");
  const client = connect(server.kubeconfig());
  const sink = new Recorder();
  const defect = new TypeError("a defect");
  sink.apply = () => {
    throw defect;
  };
  const broken = reflect({ client, resource: namespaces, project: label, sink, clock: new FastClock() });
  const other = new Recorder();
  const sound = reflect({ client, resource: namespaces, project: label, sink: other, clock: new FastClock() });
  await other.watching();
  server.objects.apply(namespace("a", "1"));
  await assert.rejects(broken.done, defect);
  await other.until(() => other.values.has("a"));
  sound.stop();
  await sound.done;
  client.close();
  await server.close();
});

test("nothing is told while reflect runs", async () => {
  const server = await startServer("HTTP/2");
  const client = connect(server.kubeconfig());
  const sink = new Recorder();
  const reflector = reflect({ client, resource: namespaces, project: label, sink });
  assert.equal(sink.states.length, 0);
  reflector.stop();
  await reflector.done;
  assert.equal(sink.states.length, 0);
  client.close();
  await server.close();
});
