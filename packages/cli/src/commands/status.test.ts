import assert from "node:assert/strict";
import { test } from "node:test";
import { EXIT } from "../exit-code.ts";
import { EMPTY_STATUS, answering, captured, json } from "../fixture.ts";

const TROUBLE = { ...EMPTY_STATUS, ready: false, waitingFor: ["paris/Ingress: \u0090 its first list"] };

test("a look is exit 0 whatever it shows; --check is exit 1 when something asks for a person", async () => {
  await using well = await answering(json(EMPTY_STATUS));
  await using ill = await answering(json(TROUBLE));
  const code = async (...args: string[]) => (await captured(["status", ...args])).code;
  assert.equal(await code("--controller", ill.url), EXIT.done);
  assert.equal(await code("--controller", well.url, "--check"), EXIT.done);
  assert.equal(await code("--controller", ill.url, "--check"), EXIT.wrong);
});

test("of several controllers all are asked: the silent one is named, and --check judges each", async () => {
  await using well = await answering(json(EMPTY_STATUS));
  await using other = await answering(json({ ...EMPTY_STATUS, replica: "b" }));
  await using ill = await answering(json({ ...TROUBLE, replica: "c" }));
  const dead = "http://127.0.0.1:1";
  const status = (urls: string[], ...more: string[]) => captured(["status", "--controller", urls.join(), ...more]);
  assert.equal((await status([well.url, other.url], "--check")).code, EXIT.done);
  assert.equal((await status([well.url, ill.url], "--check")).code, EXIT.wrong);
  assert.equal((await status([well.url, dead], "--check")).code, EXIT.wrong);
  const { code, stdout } = await status([well.url, dead, other.url]);
  assert.equal(code, EXIT.done);
  const [first, second, third] = stdout.split("\n");
  assert.match(first ?? "", /^a \(Carrick/);
  assert.match(second ?? "", /^b \(Carrick/);
  assert.equal(third, `${dead}: nothing listens there`);
  assert.deepEqual(JSON.parse((await status([dead, other.url], "-o", "json")).stdout), {
    replicas: [{ ...EMPTY_STATUS, replica: "b" }],
    silent: [`${dead}: nothing listens there`],
  });
});

test("controllers: of repeated flags, of a list, of the environment", async () => {
  await using well = await answering(json(EMPTY_STATUS));
  const dead = "http://127.0.0.1:1";
  for (const args of [
    ["--controller", dead, "--controller", well.url],
    ["--controller", `${dead},${well.url}`],
  ]) {
    assert.match((await captured(["status", ...args])).stdout, /^a \(Carrick 0\.1\.0\), up 1 s, ready\n/);
  }
  assert.equal((await captured(["status"], { env: { CARRICK_CONTROLLER: well.url } })).code, EXIT.done);
  const { code, stderr } = await captured(["status", "--controller", dead]);
  assert.equal(code, EXIT.unanswered);
  assert.match(stderr, /^carrick: no controller answers \(http:\/\/127\.0\.0\.1:1: nothing listens there\); start one/);
});

test("JSON is the whole report, without characters that control a terminal", async () => {
  await using ill = await answering(json(TROUBLE));
  const { stdout } = await captured(["status", "--controller", ill.url, "-o", "json"]);
  assert.deepEqual(JSON.parse(stdout), TROUBLE);
  assert.match(stdout, /\\u0090/);
});

test("--watch on a terminal takes its other screen, cuts what does not fit, and gives it back", async () => {
  await using ill = await answering(json(TROUBLE));
  const stop = new AbortController();
  const pictures: string[] = [];
  const { code } = await captured(["status", "--watch", "--controller", ill.url], {
    terminalRows: 3,
    interruption: stop.signal,
    pause: async () => undefined,
    onOutput: (text) => {
      if (pictures.push(text) === 3) stop.abort();
    },
  });
  assert.equal(code, EXIT.done);
  const [enter, first, second, leave, ...more] = pictures;
  assert.deepEqual([enter, leave, more], ["\u001b[?1049h\u001b[?7l", "\u001b[?7h\u001b[?1049l", []]);
  assert.equal(first, second);
  assert.match(
    first?.replaceAll("\u001b", "^") ?? "",
    /^\^\[Ha \(Carrick.*\^\[K\n {2}waits: paris.*\^\[K\n… \d+ lines more\^\[K\^\[J$/,
  );
});

test("--watch goes on through an outage, prints JSON a line each, and ends by Ctrl-C", async () => {
  let asked = 0;
  await using controller = await answering((request, response) => {
    asked += 1;
    json({ ...EMPTY_STATUS, now: asked }, asked === 2 ? 503 : 200)(request, response);
  });
  const stop = new AbortController();
  let lines = 0;
  const { code, stdout, stderr } = await captured(["status", "--watch", "--controller", controller.url, "-o", "json"], {
    interruption: stop.signal,
    pause: async () => undefined,
    onOutput: () => {
      lines += 1;
      if (lines === 3) stop.abort();
    },
  });
  assert.equal(code, EXIT.done);
  const seen = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).now);
  assert.deepEqual(seen, [1, 3, 4]);
  assert.match(stderr, /^no controller answers/);
});
