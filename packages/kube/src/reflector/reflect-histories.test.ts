import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import type { ApiServer, Fault } from "@carrick/lab";
import {
  type Arbitrary,
  array,
  assert as holds,
  asyncProperty,
  boolean,
  constantFrom,
  integer,
  oneof,
  record,
} from "fast-check";
import type { KubeClient } from "../client.ts";
import { type Fields, fields } from "../shape.ts";
import { connect, FastClock, label, namespace, namespaces, protocols, Recorder, startServer } from "./fixture.ts";
import { reflect } from "./reflect.ts";

const keys = ["a", "b", "c", "d", "e", "f", "g", "h"];

type Step =
  | { readonly put: string }
  | { readonly remove: string }
  | { readonly fault: Fault }
  | { readonly cut: "reset" | "silent" }
  | { readonly compact: true }
  | { readonly turns: number };

const effects: readonly Fault["effect"][] = [
  { kind: "status", code: 500 },
  { kind: "status", code: 503 },
  { kind: "status", code: 403 },
  { kind: "status", code: 404 },
  { kind: "status", code: 410 },
  { kind: "status", code: 422 },
  { kind: "status", code: 429, retryAfterSeconds: 3 },
  { kind: "reset" },
  { kind: "cutBody", afterBytes: 300 },
  { kind: "malformedLine", afterLines: 0 },
  { kind: "malformedLine", afterLines: 2 },
  { kind: "truncatedLine", afterLines: 1 },
  { kind: "slowBody", bytesPerSecond: 100_000 },
];
/** They cost real time, so that they come less often. */
const slowEffects: readonly Fault["effect"][] = [
  { kind: "hang" },
  { kind: "silent" },
  { kind: "hangBody", afterBytes: 300 },
];

const fault = (kinds: readonly Fault["effect"][]): Arbitrary<Step> =>
  record({ fault: record({ effect: constantFrom(...kinds), count: integer({ min: 1, max: 4 }) }) });

const step: Arbitrary<Step> = oneof(
  { weight: 40, arbitrary: record({ put: constantFrom(...keys) }) },
  { weight: 20, arbitrary: record({ remove: constantFrom(...keys) }) },
  { weight: 20, arbitrary: record({ turns: integer({ min: 1, max: 30 }) }) },
  { weight: 8, arbitrary: fault(effects) },
  { weight: 1, arbitrary: fault(slowEffects) },
  { weight: 6, arbitrary: record({ cut: constantFrom("reset" as const) }) },
  { weight: 1, arbitrary: record({ cut: constantFrom("silent" as const) }) },
  { weight: 3, arbitrary: record({ compact: constantFrom(true as const) }) },
);

interface Shape {
  readonly streamLists: boolean;
  readonly pageSize: number;
  readonly sliceSize: number;
}

const shape = record({
  streamLists: boolean(),
  pageSize: integer({ min: 1, max: 5 }),
  sliceSize: integer({ min: 1, max: 3 }),
});

/** Label and version of an object. */
function project(object: Fields): string {
  return `${label(object)}@${String(fields(object["metadata"])?.["resourceVersion"])}`;
}

/** A sink that knows what no history may tell: what it has been told already, what it does not have, what is older. */
class Checker extends Recorder {
  readonly wrong: string[] = [];

  override apply(changes: Parameters<Recorder["apply"]>[0]): void {
    const held = new Map(this.values);
    for (const change of changes) {
      const old = held.get(change.key);
      if ("deleted" in change) {
        if (!held.delete(change.key)) this.wrong.push(`removes ${change.key}, which was not there`);
        continue;
      }
      if (old === change.value) this.wrong.push(`tells ${change.key}=${old} again`);
      if (old !== undefined && versionOf(old) > versionOf(change.value))
        this.wrong.push(`goes from ${old} back to ${change.value}`);
      held.set(change.key, change.value);
    }
    super.apply(changes);
  }
}

function versionOf(value: string): number {
  return Number(value.split("@")[1]);
}

function take(server: ApiServer, what: Step, value: number): Promise<void> | undefined {
  if ("put" in what) server.objects.apply(namespace(what.put, String(value)));
  else if ("remove" in what) server.objects.delete({ apiVersion: "v1", kind: "Namespace", name: what.remove });
  else if ("fault" in what) server.faults.add(what.fault);
  else if ("cut" in what) server.breakConnections(what.cut);
  else if ("compact" in what) server.compact();
  else return turns(what.turns);
  return undefined;
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await turn();
}

async function run(
  server: ApiServer,
  client: KubeClient,
  { streamLists, pageSize, sliceSize }: Shape,
  steps: readonly Step[],
): Promise<void> {
  const sink = new Checker();
  const timings = { silentMs: 100 };
  const options = { client, resource: namespaces, project, sink, clock: new FastClock(), random: () => 0.5, timings };
  const reflector = reflect({ ...options, streamLists, pageSize, sliceSize });
  try {
    let value = 0;
    for (const what of steps) await take(server, what, (value += 1));
    server.faults.clear();
    // The last write: unless a list is under way, what came before it has been told when it has.
    const end = `end@${server.objects.apply(namespace("end", "end")).metadata.resourceVersion}`;
    await sink.until(() => sink.values.get("end") === end && sink.last?.phase === "watching");
    const there = server.objects.list("v1", "Namespace");
    assert.deepEqual(sink.values, new Map(there.map((object) => [object.metadata.name, project({ ...object })])));
    assert.deepEqual(sink.wrong, []);
  } finally {
    reflector.stop();
    server.faults.clear();
    for (const key of [...keys, "end"]) server.objects.delete({ apiVersion: "v1", kind: "Namespace", name: key });
    await reflector.done;
  }
}

for (const protocol of protocols) {
  test(`${protocol}: after 150 random histories of writes and faults the sink has what the server has`, async () => {
    const server = await startServer(protocol, { historyEvents: 12 });
    const timeouts = { headersMs: 100, silentMs: 100, connectMs: 1_000, pingEveryMs: 30, pingTimeoutMs: 60 };
    const client = connect(server.kubeconfig(), { timeouts });
    try {
      const history = asyncProperty(shape, array(step, { minLength: 5, maxLength: 60 }), (how, steps) =>
        run(server, client, how, steps),
      );
      await holds(history, { numRuns: 150 });
    } finally {
      client.close();
      await server.close();
    }
  });
}
