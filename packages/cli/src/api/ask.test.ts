import assert from "node:assert/strict";
import { createServer } from "node:https";
import { test } from "node:test";
import { join } from "node:path";
import { createAuthority, controllerName } from "../../../lab/src/trust/index.ts";
import { EXIT } from "../exit-code.ts";
import { EMPTY_STATUS, answering, json, listening, pemFiles, temporaryFolder } from "../fixture.ts";
import { explanationOf, firstStatus, statusOf } from "./answers.ts";
import { ask } from "./ask.ts";
import { controllerAddresses } from "./controllers.ts";
import { readTrust } from "./trust.ts";

test("addresses: of the flag, else of the environment, else the default", () => {
  const hrefs = (given: string[] | undefined, env: Record<string, string> = {}) =>
    controllerAddresses(given, env).map((url) => url.origin);
  assert.deepEqual(hrefs(undefined), ["http://127.0.0.1:18001"]);
  assert.deepEqual(hrefs([], { CARRICK_CONTROLLER: "127.0.0.1:1, https://far.example:2" }), [
    "http://127.0.0.1:1",
    "https://far.example:2",
  ]);
  assert.deepEqual(hrefs(["http://[::1]:3"], { CARRICK_CONTROLLER: "127.0.0.1:1" }), ["http://[::1]:3"]);
});

test("addresses: without any, that of a configuration at hand, spoken to as it listens", () => {
  const href = (address: string, env = {}) => controllerAddresses(undefined, env, { address, port: 7 })[0]?.origin;
  assert.equal(href("127.0.0.5"), "http://127.0.0.5:7");
  assert.equal(href("::1"), "http://[::1]:7");
  assert.equal(href("0.0.0.0"), "https://127.0.0.1:7");
  assert.equal(href("::"), "https://[::1]:7");
  assert.equal(href("10.0.0.1"), "https://10.0.0.1:7");
  assert.equal(href("127.0.0.5", { CARRICK_CONTROLLER: "127.0.0.1:1" }), "http://127.0.0.1:1");
});

test("an address that cannot be used is one sentence", () => {
  const refuses = (address: string, message: RegExp) =>
    assert.throws(() => controllerAddresses([address], {}), { exit: EXIT.usage, message });
  refuses("ftp://x", /^--controller: "ftp:\/\/x" is no address of a controller; give one as in http/);
  refuses("http://", /is no address of a controller/);
  refuses("10.0.0.1:18001", /not on this machine, where controllers answer only over TLS; use https:\/\//);
  assert.throws(
    () => controllerAddresses(undefined, { CARRICK_CONTROLLER: "nope://" }),
    /^CommandError: CARRICK_CONTR/,
  );
  const many = Array.from({ length: 33 }, () => "127.0.0.1:1");
  assert.throws(() => controllerAddresses(many, {}), /names 33 controllers; give at most 32/);
});

test("the first controller that answers is taken: one refuses, one resets, one is broken, one is none, one answers", async () => {
  await using resets = await answering((request) => request.socket.destroy());
  await using broken = await answering(json({}, 503));
  await using stranger = await answering(json("<html>"));
  await using good = await answering(json({ ...EMPTY_STATUS, replica: "good", more: "of a newer version" }));
  const controllers = ["http://127.0.0.1:1", resets.url, broken.url, stranger.url, good.url].map((url) => new URL(url));
  const report = await firstStatus(controllers, {});
  assert.equal(report.replica, "good");
  assert.equal(Reflect.get(report, "more"), "of a newer version");
  await assert.rejects(firstStatus(controllers.slice(0, 4), {}), {
    exit: EXIT.unanswered,
    message: [
      "no controller answers (http://127.0.0.1:1: nothing listens there",
      `${resets.url}: the connection was closed without an answer`,
      `${broken.url}: answered /v1/status with 503`,
      `${stranger.url}: what answers there is no Carrick controller); start one, or name it with --controller or CARRICK_CONTROLLER`,
    ].join("; "),
  });
});

test("a controller that hangs is left after the time given", async () => {
  await using hangs = await answering(() => undefined);
  await assert.rejects(ask(new URL(hangs.url), "/", { timeoutMs: 20 }), {
    exit: EXIT.unanswered,
    message: `${hangs.url}: no answer within 20 ms`,
  });
});

test("an answer of another form, and one without end", async () => {
  await using other = await answering(json({ ...EMPTY_STATUS, clusters: [{ name: 7 }] }));
  await assert.rejects(statusOf(new URL(other.url), {}), {
    exit: EXIT.unanswered,
    message: /its answer cannot be read \(clusters\.0\.name: .*\); use a carrick of the controller's version$/,
  });
  const chunk = Buffer.alloc(1024 * 1024);
  await using endless = await answering((_request, response) => {
    const more = () => {
      while (response.write(chunk));
    };
    response.on("drain", more);
    more();
  });
  await assert.rejects(statusOf(new URL(endless.url), {}), /its answer is larger than 67108864 bytes/);
});

test("what a controller refuses is its own sentence", async () => {
  await using refuses = await answering(json({ error: '"x" is no URL; write it with http or https' }, 400));
  await assert.rejects(explanationOf([new URL(refuses.url)], "x", undefined, {}), {
    exit: EXIT.usage,
    message: '"x" is no URL; write it with http or https',
  });
  await using missing = await answering(json("{}", 404));
  await assert.rejects(statusOf(new URL(missing.url), {}), /what answers there is no Carrick controller/);
});

test("over TLS both sides are known by their names", async () => {
  using folder = temporaryFolder();
  const authority = await createAuthority("mesh");
  const own = await pemFiles(folder.path, authority, { uris: ["spiffe://carrick.local/operator/ada"] });
  const serve = async (uri: string) => {
    const pair = await authority.issue({ uris: [uri] });
    const tls = { cert: pair.certPem, key: pair.keyPem, ca: authority.certPem, requestCert: true };
    return await listening(createServer(tls, json(EMPTY_STATUS)), "https");
  };
  await using controller = await serve(controllerName("carrick.local", "london"));
  await using edge = await serve("spiffe://carrick.local/cluster/london/edge/public/e1");
  await using foreign = await serve(controllerName("other.mesh", "london"));
  const trust = await readTrust(own, {}, Date.now());

  assert.equal((await statusOf(new URL(controller.url), { trust })).replica, "a");
  await assert.rejects(statusOf(new URL(edge.url), { trust }), {
    exit: EXIT.unanswered,
    message: `${edge.url}: its certificate names no controller of carrick.local but spiffe://carrick.local/cluster/london/edge/public/e1; correct the address`,
  });
  await assert.rejects(statusOf(new URL(foreign.url), { trust }), /names no controller of carrick\.local/);
  await assert.rejects(statusOf(new URL(controller.url), {}), {
    exit: EXIT.usage,
    message: /controllers ask for a certificate; give --certificate, --key and --authority/,
  });
  const stranger = await pemFiles(
    folder.path,
    await createAuthority("x"),
    { uris: ["spiffe://carrick.local/operator/x"] },
    "x",
  );
  const wrong = await readTrust(stranger, {}, Date.now());
  await assert.rejects(statusOf(new URL(controller.url), { trust: wrong }), { exit: EXIT.unanswered });
});

test("an operator's certificate that cannot be used", async () => {
  using folder = temporaryFolder();
  const authority = await createAuthority("mesh");
  const nameless = await pemFiles(folder.path, authority, { dnsNames: ["ada.example"] });
  const read = (flags: object, env = {}) => readTrust(flags, env, Date.now());
  assert.equal(await read({}), undefined);
  await assert.rejects(read({ key: "k" }), /--certificate, --key and --authority belong together/);
  await assert.rejects(read({ ...nameless, key: join(folder.path, "absent") }), {
    exit: EXIT.usage,
    message: /absent: the key cannot be read \(ENOENT.*\); correct the path or the permissions$/,
  });
  await assert.rejects(
    read(nameless),
    /carries no spiffe:\/\/ name; issue it for spiffe:\/\/<domain>\/operator\/<name>/,
  );
  const env = { CARRICK_CERTIFICATE: nameless.certificate, CARRICK_KEY: nameless.certificate, CARRICK_AUTHORITY: "x" };
  await assert.rejects(read({}, env), /x: the authority cannot be read/);
});
