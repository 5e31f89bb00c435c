import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ApiServer } from "@carrick/lab";
import { openAccess } from "../access.ts";
import { createClient } from "../client.ts";
import { systemClock } from "../clock.ts";
import {
  connect,
  FastClock,
  folder,
  label,
  namespace,
  namespaces,
  protocols,
  Recorder,
  reflecting,
  startServer,
} from "./fixture.ts";
import { reflect } from "./reflect.ts";

const widgets = { group: "example.dev", version: "v1", plural: "widgets" };

function installWidgets({ objects }: ApiServer): void {
  objects.apply({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.dev" },
    spec: {
      group: "example.dev",
      scope: "Cluster",
      names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
    },
  });
}

const widget = { apiVersion: "example.dev/v1", kind: "Widget", metadata: { name: "w", labels: { v: "1" } } };

for (const protocol of protocols) {
  const named = (name: string): string => `${protocol}: ${name}`;

  for (const streamLists of [true, false]) {
    test(
      named(`a resource that the server does not have is known to be empty (${streamLists ? "stream" : "pages"})`),
      () =>
        reflecting(protocol, { resource: widgets, streamLists }, async ({ server, sink, clock, reflector }) => {
          await sink.until(() => sink.last?.absent === true);
          assert.ok(sink.syncs >= 1);
          assert.equal(sink.last?.error, undefined);
          assert.equal(clock.waits[0], 5_000);
          installWidgets(server);
          server.objects.apply(widget);
          await sink.until(() => sink.values.has("w") && sink.last?.phase === "watching");
          assert.equal(sink.last?.absent, false);
          assert.equal(reflector.counts.failures, 0);
          server.objects.delete({
            apiVersion: "apiextensions.k8s.io/v1",
            kind: "CustomResourceDefinition",
            name: "widgets.example.dev",
          });
          await sink.until(() => sink.values.size === 0 && sink.last?.absent === true);
        }),
    );
  }

  test(named("a 404 of something that is no API server removes nothing"), () =>
    reflecting(
      protocol,
      { prepare: ({ objects }) => void objects.apply(namespace("a", "1")) },
      async ({ server, sink }) => {
        await sink.watching();
        const proxy = server.faults.add({ effect: { kind: "status", code: 404 } });
        server.breakConnections("reset");
        const { length } = sink.states;
        await sink.until(() => sink.states.slice(length).filter(({ phase }) => phase === "waiting").length >= 5);
        assert.deepEqual([...sink.values.keys(), sink.syncs, sink.last?.absent], ["a", 1, false]);
        proxy.remove();
        await sink.watching();
        assert.deepEqual(sink.changes, ["a=1"]);
      },
    ),
  );

  test(named("D1: a server that is away at the start is found when it comes, and stops nobody meanwhile"), async () => {
    const first = await startServer(protocol);
    const { port } = first;
    const client = connect(first.kubeconfig());
    await first.close();
    const sink = new Recorder();
    const clock = new FastClock();
    const reflector = reflect({ client, resource: namespaces, project: label, sink, clock, random: () => 0.999 });
    await sink.until(() => sink.states.filter(({ phase }) => phase === "waiting").length >= 8);
    assert.match(sink.last?.error?.message ?? "", /nothing listens there \(ECONNREFUSED\)/);
    assert.ok(Math.max(...clock.waits) <= 5_000, "the server is looked for each 5 s at least");
    await reflecting(protocol, {}, async (other) => {
      await other.sink.watching();
    });
    const server = await startServer(protocol, { port });
    server.objects.apply(namespace("a", "1"));
    await sink.until(() => sink.values.has("a"));
    reflector.stop();
    await reflector.done;
    client.close();
    await server.close();
  });

  test(named("a kubeconfig that is missing at the start is read when it is there"), async () => {
    const server = await startServer(protocol);
    server.objects.apply(namespace("a", "1"));
    const kubeconfig = join(folder, `late-${protocol.replace("/", "-")}`);
    const client = createClient({ access: openAccess({ kubeconfig }) });
    const sink = new Recorder();
    const reflector = reflect({ client, resource: namespaces, project: label, sink, clock: new FastClock() });
    await sink.until(() => sink.last?.phase === "waiting");
    assert.equal(sink.last?.error?.reason, "Credentials");
    writeFileSync(kubeconfig, server.kubeconfig());
    await sink.until(() => sink.values.has("a") && sink.last?.error === undefined);
    reflector.stop();
    await reflector.done;
    client.close();
    await server.close();
  });

  for (const effect of [{ kind: "status", code: 403 }, { kind: "hang" }] as const) {
    test(
      named(
        `D2: a server that ${effect.kind === "hang" ? "hangs" : "forbids"} from the start stops neither others nor the end`,
      ),
      () =>
        reflecting(
          protocol,
          { client: { timeouts: { headersMs: 50 } }, prepare: ({ faults }) => void faults.add({ effect }) },
          async (bad) => {
            await reflecting(protocol, {}, async (good) => {
              await good.sink.watching();
              good.server.objects.apply(namespace("a", "1"));
              await good.sink.until(() => good.sink.values.has("a"));
            });
            await bad.sink.until(() => bad.sink.last?.phase === "waiting");
            assert.equal(bad.sink.last?.error?.status, effect.kind === "hang" ? 0 : 403);
            assert.equal(bad.sink.syncs, 0, "unknown is not empty");
            bad.reflector.stop();
            await bad.reflector.done;
          },
        ),
    );
  }

  test(named("a server that dies and returns is looked for each second, and only differences are told"), async () => {
    const dataFile = join(folder, `${protocol.replace("/", "-")}.log`);
    const first = await startServer(protocol, { dataFile });
    const { port } = first;
    first.objects.apply(namespace("a", "1"));
    first.objects.apply(namespace("b", "1"));
    const client = connect(first.kubeconfig());
    const sink = new Recorder();
    const clock = new FastClock();
    const reflector = reflect({ client, resource: namespaces, project: label, sink, clock, random: () => 0.999 });
    await sink.watching();
    await first.close();
    await sink.until(() => sink.states.filter(({ phase }) => phase === "waiting").length >= 8);
    assert.deepEqual([...sink.values.keys()], ["a", "b"], "nothing is removed meanwhile");
    assert.ok(
      clock.waits.every((wait) => wait <= 1_000),
      String(clock.waits),
    );
    const second = await startServer(protocol, { dataFile, port });
    second.objects.apply(namespace("b", "2"));
    await sink.until(() => sink.values.get("b") === "2");
    assert.deepEqual(sink.changes, ["a=1", "b=1", "b=2"]);
    reflector.stop();
    await reflector.done;
    client.close();
    await second.close();
  });

  test(named("a server that has lost everything is believed once it has told everything"), async () => {
    const first = await startServer(protocol);
    const { port } = first;
    first.objects.apply(namespace("a", "1"));
    first.objects.apply(namespace("b", "1"));
    const client = connect(first.kubeconfig());
    const sink = new Recorder();
    const reflector = reflect({
      client,
      resource: namespaces,
      project: label,
      sink,
      clock: new FastClock(),
      random: () => 0,
    });
    await sink.watching();
    await first.close();
    // Its versions begin with its time, and the first one's must be among those that it does not know.
    const later = { ...systemClock, now: () => Date.now() + 60_000 };
    const second = await startServer(protocol, { port, clock: later });
    second.objects.apply(namespace("c", "1"));
    await sink.until(() => !sink.values.has("a") && sink.values.has("c"));
    assert.deepEqual([...sink.values.keys()], ["c"]);
    reflector.stop();
    await reflector.done;
    client.close();
    await second.close();
  });
}
