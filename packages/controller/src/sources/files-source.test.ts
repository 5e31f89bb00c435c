import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { objectKey, sourceKey } from "@carrick/core/model";
import { createWriters, testRules, testWorld, when } from "../world/fixture.ts";
import type { World } from "../world/world.ts";
import { FilesSource } from "./files-source.ts";

let parent: string;
let folder: string;
let world: World;
let source: FilesSource | undefined;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "carrick-files-"));
  folder = join(parent, "paris");
  mkdirSync(folder);
  world = testWorld();
});

afterEach(() => {
  source?.stop();
  source = undefined;
  rmSync(parent, { recursive: true, force: true });
});

function open(): FilesSource {
  const writers = createWriters(world, "paris");
  source = new FilesSource({ cluster: "paris", folder, rules: testRules, writers, onState: () => undefined });
  return source;
}

function service(name: string, port = 80): string {
  return `---\napiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: shop }\nspec: { ports: [{ port: ${port} }] }\n`;
}

const row = (name: string) => world.tables.Service.get(objectKey("paris", "shop", name));
const known = () => world.tables.sources.get(sourceKey("paris", "Service"))?.known === true;

test("files are read at the start and again when they change", async () => {
  writeFileSync(join(folder, "a.yaml"), service("cart") + service("web"));
  const opened = open();
  await opened.settled;
  await when(world, () => known() && row("cart") !== undefined && row("web") !== undefined);
  writeFileSync(join(folder, "a.yaml"), service("cart", 8080));
  await when(world, () => row("web") === undefined && row("cart")?.ports[0]?.port === 8080);
  mkdirSync(join(folder, "more"));
  writeFileSync(
    join(folder, "more", "b.json"),
    JSON.stringify({ apiVersion: "v1", kind: "Service", metadata: { name: "api", namespace: "shop" } }),
  );
  await when(world, () => row("api") !== undefined);
  rmSync(join(folder, "more"), { recursive: true });
  await when(world, () => row("api") === undefined);
  assert.deepEqual(opened.problems(), []);
});

test("an unchanged object is not written again", async () => {
  writeFileSync(join(folder, "a.yaml"), service("cart") + service("web"));
  open();
  await when(world, () => row("web") !== undefined);
  const before = row("cart");
  writeFileSync(join(folder, "a.yaml"), `# moved\n${service("web", 81)}${service("cart")}`);
  await when(world, () => row("web")?.ports[0]?.port === 81);
  assert.equal(row("cart"), before);
});

test("a file that breaks keeps its objects, says line and reason, and heals", async () => {
  writeFileSync(join(folder, "a.yaml"), service("cart"));
  const opened = open();
  await when(world, () => row("cart") !== undefined);
  writeFileSync(join(folder, "a.yaml"), `${service("cart", 81)}---\nx: [\n`);
  writeFileSync(join(folder, "b.yaml"), service("web"));
  await when(world, () => row("web") !== undefined);
  assert.equal(row("cart")?.ports[0]?.port, 80);
  assert.match(opened.problems().join("\n"), /a\.yaml: is not YAML: line \d+: .*; its last objects stay in force/);
  writeFileSync(join(folder, "a.yaml"), service("cart", 82));
  await when(world, () => row("cart")?.ports[0]?.port === 82);
  assert.deepEqual(opened.problems(), []);
});

test("a file that was never right leaves the cluster unknown, and the rest is used", async () => {
  writeFileSync(join(folder, "a.yaml"), "x: [\n");
  writeFileSync(join(folder, "b.yaml"), service("web"));
  const opened = open();
  await opened.settled;
  await when(world, () => row("web") !== undefined);
  assert.equal(known(), false);
  writeFileSync(join(folder, "a.yaml"), service("cart"));
  await when(world, () => known() && row("cart") !== undefined);
});

test("a folder that is not there is a problem, and is found when it comes", async () => {
  rmSync(folder, { recursive: true });
  const opened = open();
  await opened.settled;
  assert.match(opened.problems()[0] ?? "", /paris: ENOENT/);
  assert.equal(opened.kinds()[0]?.known, false);
  const made = join(parent, "made");
  mkdirSync(made);
  writeFileSync(join(made, "a.yaml"), service("cart"));
  renameSync(made, folder);
  await when(world, () => known() && row("cart") !== undefined);
});

test("a folder that goes away removes nothing", async () => {
  writeFileSync(join(folder, "a.yaml"), service("cart"));
  const opened = open();
  await when(world, () => row("cart") !== undefined);
  rmSync(folder, { recursive: true });
  mkdirSync(join(parent, "other"));
  // Nothing may happen, so there is nothing to wait for but the source's own word that it noticed.
  const deadline = performance.now() + 10_000;
  while (opened.problems().length === 0) {
    assert.ok(performance.now() < deadline, "the folder's absence was not noticed");
    await new Promise(setImmediate);
  }
  assert.ok(row("cart") !== undefined);
});

test("an object in two files is taken from the first, and said", async () => {
  writeFileSync(join(folder, "b.yaml"), service("cart", 81));
  writeFileSync(join(folder, "a.yaml"), service("cart", 80));
  const opened = open();
  await when(world, () => row("cart") !== undefined);
  assert.equal(row("cart")?.ports[0]?.port, 80);
  assert.match(opened.problems()[0] ?? "", /b\.yaml: Service shop\/cart stands in an earlier file/);
});

test("a mounted ConfigMap is swapped as a whole", async () => {
  for (const [version, port] of [
    ["..1", 80],
    ["..2", 81],
  ] as const) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, "a.yaml"), service("cart", port));
  }
  symlinkSync("..1", join(folder, "..data"));
  symlinkSync("..data/a.yaml", join(folder, "a.yaml"));
  open();
  await when(world, () => row("cart")?.ports[0]?.port === 80);
  symlinkSync("..2", join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  await when(world, () => row("cart")?.ports[0]?.port === 81);
});

test("a file that is emptied keeps its objects until it is deleted", async () => {
  writeFileSync(join(folder, "a.yaml"), service("cart"));
  const opened = open();
  await when(world, () => row("cart") !== undefined);
  writeFileSync(join(folder, "a.yaml"), "");
  writeFileSync(join(folder, "b.yaml"), service("web"));
  await when(world, () => row("web") !== undefined);
  assert.ok(row("cart"));
  assert.match(opened.problems().join("\n"), /a\.yaml: is empty; delete it/);
  rmSync(join(folder, "a.yaml"));
  await when(world, () => row("cart") === undefined);
});

test("of a Secret that is wanted and not in the folder it is said that it does not exist, until it does", async () => {
  const secret = () => world.tables.Secret.get(objectKey("paris", "shop", "cert"));
  writeFileSync(join(folder, "a.yaml"), service("cart"));
  const opened = open();
  opened.wantSecrets(new Set(["shop/cert"]));
  await when(world, () => secret()?.problems?.[0]?.code === "UnknownSecret");
  writeFileSync(
    join(folder, "b.yaml"),
    "{ apiVersion: v1, kind: Secret, metadata: { name: cert, namespace: shop }, data: {} }",
  );
  await when(world, () => secret()?.problems?.[0]?.code === "InvalidCertificate");
  rmSync(join(folder, "b.yaml"));
  await when(world, () => secret()?.problems?.[0]?.code === "UnknownSecret");
  opened.wantSecrets(new Set());
  await when(world, () => secret() === undefined);
});
