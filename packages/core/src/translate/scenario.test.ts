import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { parseAllDocuments, stringify } from "yaml";
import { TestWorld } from "../fixture.ts";
import type { Fleet } from "../derive/index.ts";
import type { KubeObject } from "../ingest/index.ts";
import { KINDS, refText } from "../model/index.ts";
import { checkShape } from "./envoy-shape.test.ts";
import { TYPE } from "./index.ts";

// Each scenarios/<name>.yaml holds objects of Kubernetes; scenarios/<name>.out.yaml is what they become for an Envoy.
// `UPDATE=1` writes the outputs anew and removes those without a scenario.
const FOLDER = fileURLToPath(new URL("scenarios/", import.meta.url));
const UPDATE = process.env["UPDATE"] === "1";
/** With more resources of a type than this, the largest are shown and the others counted. */
const MANY = 6;

/** First document of a scenario. */
interface Head {
  readonly about: string;
  readonly fleet?: Partial<Fleet>;
  /** Clusters that have told everything. */
  readonly known: readonly string[];
  readonly unknown?: readonly string[];
}

/** An object, with the clusters that have it, and how often: `$i` in it is then a number from 0. */
type Entry = KubeObject & { readonly in: readonly string[]; readonly times?: number };

function build(text: string): { readonly about: string; readonly world: TestWorld } {
  const [head, ...entries] = [...parseAllDocuments(text)].map((document) => {
    assert.deepEqual("errors" in document ? document.errors : [], []);
    return document.toJS() as unknown;
  }) as [Head, ...Entry[]];
  const world = new TestWorld(head.known, head.fleet);
  for (const cluster of head.unknown ?? []) for (const kind of KINDS) world.know(cluster, kind, false);
  const objects = entries.flatMap(({ in: clusters, times = 1, ...object }) =>
    clusters.flatMap((cluster) =>
      Array.from({ length: times }, (_, i): [string, KubeObject] => [
        cluster,
        withData(JSON.parse(JSON.stringify(object).replaceAll("$i", String(i))) as KubeObject),
      ]),
    ),
  );
  world.writeAll(objects);
  return { about: head.about, world };
}

/** What a person writes as `stringData` is `data` when it is read. */
function withData({ stringData, ...object }: KubeObject): KubeObject {
  if (stringData === undefined) return object;
  const data = Object.entries(stringData as Record<string, string>).map(([key, text]) => [key, btoa(text)]);
  return { ...object, data: Object.fromEntries(data) as KubeObject };
}

/** All that an Envoy is served, and what is said of the objects. */
function render(about: string, world: TestWorld): string {
  const problems = KINDS.flatMap((kind) =>
    [...world.tables[kind].entries()].flatMap(([, { cluster, namespace, name, problems = [] }]) =>
      problems.map((problem) => ({ of: refText({ cluster, kind, namespace, name }), ...problem })),
    ),
  );
  const findings = world.edge.findings().map(({ object, problem }) => ({ of: refText(object), ...problem }));
  const resources = Object.entries(TYPE).map(([type, url]) => {
    const table = world.edge.types.get(url)!.table;
    const size = (name: string) => table.get(name)!.body.length;
    const all = world.names(type as keyof typeof TYPE);
    const shown =
      all.length <= MANY ? all : all.toSorted((a, b) => size(b) - size(a) || (a < b ? -1 : 1)).slice(0, MANY);
    const rows = shown.map((name): [string, unknown] => {
      const partial = table.get(name)!.partial === true && { partial: true };
      return [name, { ...partial, ...world.json(type as keyof typeof TYPE, name) }];
    });
    const rest = all.filter((name) => !shown.includes(name));
    const bytes = rest.reduce((sum, name) => sum + size(name), 0);
    if (rest.length > 0) rows.push([`… ${rest.length} more`, `${bytes} bytes in all`]);
    return [type, Object.fromEntries(rows)] as const;
  });
  const out = { about, said: [...problems, ...findings], ...Object.fromEntries(resources) };
  return stringify(out, { lineWidth: 0, aliasDuplicateObjects: false });
}

const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".yaml") && !file.endsWith(".out.yaml"))
  .map((file) => file.slice(0, -".yaml".length));

test("there are scenarios, and no output without one", () => {
  assert.ok(names.length >= 12, `${names.length} scenarios in ${FOLDER}`);
  const orphans = readdirSync(FOLDER).filter(
    (file) => file.endsWith(".out.yaml") && !names.includes(file.slice(0, -".out.yaml".length)),
  );
  if (UPDATE) for (const orphan of orphans) rmSync(`${FOLDER}${orphan}`);
  else assert.deepEqual(orphans, []);
});

for (const name of names) {
  const path = `${FOLDER}${name}.out.yaml`;
  const { about, world } = build(readFileSync(`${FOLDER}${name}.yaml`, "utf8"));
  test(`${name}: ${about}`, () => {
    const text = render(about, world);
    if (UPDATE) writeFileSync(path, text);
    assert.equal(text, readFileSync(path, "utf8"));
    checkShape(world);
  });
}
