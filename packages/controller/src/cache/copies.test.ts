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

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "carrick-copies-"));
  problems.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function replica() {
  const world = testWorld();
  const copies = new Copies({ folder, world, privateKey, onProblem: (sentence) => problems.push(sentence) });
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
  await copies.flush();
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

test("a list that broke off does not replace a whole copy", async () => {
  const { world, copies, writers } = replica();
  await copies.restore("paris", writers);
  writers.Service.apply([service("cart", 80)]);
  await when(world, () => world.tables.Service.size === 1);
  await copies.flush();
  assert.deepEqual(readdirSync(folder), []);
});

test("a copy that is cut, of another cluster or no copy at all is not used, and said", async () => {
  await filled();
  const path = join(folder, "paris", "Service.jsonl");
  const whole = readFileSync(path, "utf8");
  const cases = [
    [whole.slice(0, whole.indexOf("\n", whole.indexOf("\n") + 1) + 1), /has 1 of 2 rows/],
    [whole.replace('"format":1', '"format":99'), /is of format 99, not 1/],
    [whole.replace('"cluster":"paris"', '"cluster":"rome"'), /is of another cluster or kind/],
    ["garbage\n", /is not valid JSON/],
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
  await copies.flush();
  const path = join(folder, "paris", "Secret.jsonl");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.doesNotMatch(readFileSync(path, "utf8"), /BEGIN|shop|named/);

  const again = replica();
  await again.copies.restore("paris", again.writers);
  await when(again.world, () => again.world.tables.Secret.size === 1);
  const row = again.world.tables.Secret.get(objectKey("paris", "shop", "named"));
  assert.equal(row?.key.reveal(), privateKey);
  assert.equal(row.certificate, certPem);

  const world2 = testWorld();
  const other = new Copies({
    folder,
    world: world2,
    privateKey: "another",
    onProblem: (sentence) => problems.push(sentence),
  });
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
  await copies.flush();
  assert.match(problems[0] ?? "", /Service\.jsonl: the copy of paris cannot be written: EISDIR/);
});
