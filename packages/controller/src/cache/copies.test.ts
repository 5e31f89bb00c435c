import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { ingest } from "@carrick/core/ingest";
import { objectKey, sourceKey } from "@carrick/core/model";
import { createAuthority } from "../../../lab/src/trust/index.ts";
import { createWriters, testRules, testWorld, when } from "../world/fixture.ts";
import { Copies } from "./copies.ts";

const { certPem, keyPem: privateKey } = await (await createAuthority("test")).issue({ dnsNames: ["shop.example"] });
let folder: string;
const problems: string[] = [];
const opened: Copies[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "carrick-copies-"));
  problems.length = 0;
});
afterEach(async () => {
  for (const copies of opened.splice(0)) await copies.written();
  rmSync(folder, { recursive: true, force: true });
});

function replica() {
  const world = testWorld();
  const copies = new Copies({ folder, world, privateKey, onProblem: (sentence) => problems.push(sentence) });
  opened.push(copies);
  return { world, copies, writers: createWriters(world, "paris") };
}

function service(name: string, port: number) {
  const object = { metadata: { name, namespace: "shop", resourceVersion: "7" }, spec: { ports: [{ port }] } };
  return { key: `shop/${name}`, value: ingest("Service", "paris", object, testRules) };
}

async function filled(): Promise<void> {
  const { world, copies, writers } = replica();
  await copies.restore("paris", writers);
  writers.Service.apply([service("cart", 80), service("web", 80)]);
  writers.Service.synced();
  await when(world, () => world.tables.Service.size === 2);
  await copies.written();
}

test("what a source said is there after a restart, known and marked as a copy", async () => {
  await filled();
  const { world, copies, writers } = replica();
  await copies.restore("paris", writers);
  await when(world, () => world.tables.Service.size === 2);
  assert.equal(writers.Service.known, true);
  assert.equal(writers.Service.fromCopy, true);
  assert.equal(world.tables.sources.get(sourceKey("paris", "Service"))?.known, true);
  assert.equal(writers.Ingress.known, false);
});

test("the source's own word replaces the copy: changed, gone, new", async () => {
  await filled();
  const { world, copies, writers } = replica();
  await copies.restore("paris", writers);
  writers.Service.apply([service("cart", 81), service("new", 80)]);
  writers.Service.synced();
  await when(
    world,
    () => world.tables.Service.get(objectKey("paris", "shop", "web")) === undefined && world.tables.Service.size === 2,
  );
  assert.equal(world.tables.Service.get(objectKey("paris", "shop", "cart"))?.ports[0]?.port, 81);
  assert.equal(writers.Service.fromCopy, false);
});

test("each change is on disk at once, also before the copy is written as a whole again", async () => {
  await filled();
  const { world, copies, writers } = replica();
  await copies.restore("paris", writers);
  writers.Service.synced();
  await when(world, () => world.tables.Service.size === 2 || world.tables.Service.size === 0);
  writers.Service.apply([service("cart", 81), { key: "shop/web", deleted: true }, service("new", 80)]);
  await when(world, () => world.tables.Service.get(objectKey("paris", "shop", "new")) !== undefined);
  await copies.written();
  const again = replica();
  await again.copies.restore("paris", again.writers);
  await when(again.world, () => again.world.tables.Service.size === 2);
  assert.equal(again.world.tables.Service.get(objectKey("paris", "shop", "cart"))?.ports[0]?.port, 81);
  assert.deepEqual(problems, []);
});

test("many changes of few rows are folded into a whole copy", async () => {
  const { world, copies, writers } = replica();
  await copies.restore("paris", writers);
  writers.Service.apply([service("cart", 1)]);
  writers.Service.synced();
  const port = () => world.tables.Service.get(objectKey("paris", "shop", "cart"))?.ports[0]?.port;
  for (let i = 2; i <= 1500; i++) {
    writers.Service.apply([service("cart", i)]);
    await when(world, () => port() === i);
  }
  await copies.written();
  const lines = readFileSync(join(folder, "paris", "Service.jsonl"), "utf8").split("\n").length;
  assert.ok(lines < 1100, `${lines} lines`);
  const again = replica();
  await again.copies.restore("paris", again.writers);
  await when(
    again.world,
    () => again.world.tables.Service.get(objectKey("paris", "shop", "cart"))?.ports[0]?.port === 1500,
  );
});

test("a list that broke off does not replace a whole copy", async () => {
  const { world, copies, writers } = replica();
  await copies.restore("paris", writers);
  writers.Service.apply([service("cart", 80)]);
  await when(world, () => world.tables.Service.size === 1);
  await copies.written();
  assert.deepEqual(readdirSync(folder), []);
});

test("a copy that is cut, of another cluster or no copy at all is not used, and said", async () => {
  await filled();
  const path = join(folder, "paris", "Service.jsonl");
  const whole = readFileSync(path, "utf8");
  const lines = whole.split("\n");
  const cases = [
    [lines.slice(0, 2).join("\n"), /has 1 of 2 rows/],
    [whole.replace('"format":2', '"format":99'), /is of format 99, not 2/],
    [whole.replace('"cluster":"paris"', '"cluster":"rome"'), /is of another cluster or kind/],
    ["garbage\n", /is not valid JSON/],
    [`${lines[0]}\ngarbage\n${lines[1]}\n`, /has a line that is none of a copy/],
  ] as const;
  for (const [text, message] of cases) {
    writeFileSync(path, text);
    problems.length = 0;
    const { copies, writers } = replica();
    await copies.restore("paris", writers);
    assert.equal(writers.Service.known, false);
    assert.match(problems.join(), message);
  }
});

test("a last line that was cut when the process was killed is passed over", async () => {
  await filled();
  const path = join(folder, "paris", "Service.jsonl");
  writeFileSync(path, `${readFileSync(path, "utf8")}+paris/shop/more {"cluster":"par`);
  const { world, copies, writers } = replica();
  await copies.restore("paris", writers);
  await when(world, () => world.tables.Service.size === 2);
  assert.deepEqual(problems, []);
});

test("Secrets that an Ingress names are sealed; another key cannot open them; files are for this user only", async () => {
  const { world, copies, writers } = replica();
  await copies.restore("paris", writers);
  const data = {
    "tls.crt": Buffer.from(certPem).toString("base64"),
    "tls.key": Buffer.from(privateKey).toString("base64"),
  };
  const put = (name: string) => ({
    key: `shop/${name}`,
    value: ingest("Secret", "paris", { metadata: { name, namespace: "shop" }, data }, testRules),
  });
  writers.Secret.apply([put("named"), put("other")]);
  const spec = {
    ingressClassName: "carrick",
    tls: [{ secretName: "named" }],
    rules: [
      {
        host: "shop.example",
        http: {
          paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }],
        },
      },
    ],
  };
  writers.Ingress.apply([
    {
      key: "shop/web",
      value: ingest("Ingress", "paris", { metadata: { name: "web", namespace: "shop" }, spec }, testRules),
    },
  ]);
  writers.Ingress.synced();
  await when(world, () => world.tables.Secret.size === 2 && world.tables.Ingress.size === 1);
  await copies.written();
  const path = join(folder, "paris", "Secret.jsonl");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.doesNotMatch(readFileSync(path, "utf8"), /BEGIN|shop\.example/);

  const again = replica();
  await again.copies.restore("paris", again.writers);
  await when(again.world, () => again.world.tables.Secret.size === 1);
  const row = again.world.tables.Secret.get(objectKey("paris", "shop", "named"));
  assert.equal(row?.key.reveal(), privateKey);
  assert.equal(row.certificate, certPem);
  await again.copies.written();

  const world2 = testWorld();
  const other = new Copies({
    folder,
    world: world2,
    privateKey: "another",
    onProblem: (sentence) => problems.push(sentence),
  });
  opened.push(other);
  const writers2 = createWriters(world2, "paris");
  await other.restore("paris", writers2);
  assert.equal(writers2.Secret.known, false);
  assert.match(problems.join(), /Secret\.jsonl: is not used as the copy of paris: /);
});

test("a folder that cannot be written is said, and nothing stops", async () => {
  const { world, copies, writers } = replica();
  await copies.restore("paris", writers);
  mkdirSync(join(folder, "paris", "Service.jsonl.new"), { recursive: true });
  writers.Service.apply([service("cart", 80)]);
  writers.Service.synced();
  await when(world, () => world.tables.Service.size === 1);
  await copies.written();
  assert.match(problems[0] ?? "", /Service\.jsonl: the copy of paris cannot be written: EISDIR/);
});
