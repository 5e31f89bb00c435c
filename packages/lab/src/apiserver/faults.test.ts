import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect } from "node:http2";
import type { ClientHttp2Session } from "node:http2";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { createAuthority } from "../trust/index.ts";
import { call, configMap, lines, ManualClock, openWatch, started } from "./fixture.ts";
import type { ApiServer } from "./server.ts";

const MAPS = "/api/v1/configmaps";

/** Sends a GET and gives what comes, without waiting for a response. */
function send(t: TestContext, server: ApiServer, path: string) {
  const sent = httpRequest(`${server.url}${path}`, { agent: false });
  sent.on("error", () => undefined);
  t.after(() => sent.destroy());
  const response = once(sent, "response") as Promise<[IncomingMessage]>;
  response.catch(() => undefined);
  sent.end();
  return { sent, response };
}

/** Resolves when the server has met a request with the fault. */
async function met(server: ApiServer, fault: { struck(): number }): Promise<void> {
  while (fault.struck() === 0) await call(server, "GET", "/healthz");
}

test("429 with Retry-After, 5xx, 401 and 403 as often as asked, where asked", async (t) => {
  const server = await started(t);
  const fault = server.faults.add({
    method: "get",
    path: /^\/api\/v1\/configmaps/,
    count: 2,
    effect: { kind: "status", code: 429, retryAfterSeconds: 7 },
  });
  assert.equal((await call(server, "GET", "/api/v1/secrets")).status, 200);
  const first = await call(server, "GET", MAPS);
  assert.deepEqual([first.status, first.headers.get("retry-after"), first.json.reason], [429, "7", "TooManyRequests"]);
  assert.equal((await call(server, "DELETE", "/api/v1/namespaces/a/configmaps")).status, 200);
  assert.equal((await call(server, "GET", `${MAPS}?limit=1`)).status, 429);
  assert.equal((await call(server, "GET", MAPS)).status, 200);
  assert.equal(fault.struck(), 2);
  for (const [code, reason] of [
    [401, "Unauthorized"],
    [403, "Forbidden"],
    [500, "InternalError"],
    [503, "ServiceUnavailable"],
  ] as const) {
    const fault = server.faults.add({ effect: { kind: "status", code } });
    const { status, json } = await call(server, "GET", MAPS);
    assert.deepEqual([status, json.reason], [code, reason]);
    fault.remove();
  }
  assert.equal((await call(server, "GET", MAPS)).status, 200);
});

test("a fault of watches spares lists, and the other way round", async (t) => {
  const server = await started(t);
  const status = { kind: "status", code: 500 } as const;
  const watches = server.faults.add({ effect: status, watch: true });
  assert.equal((await call(server, "GET", MAPS)).status, 200);
  assert.equal((await call(server, "GET", `${MAPS}?watch=1`)).status, 500);
  watches.remove();
  server.faults.add({ effect: status, watch: false });
  assert.equal((await call(server, "GET", MAPS)).status, 500);
  await openWatch(t, server, `${MAPS}?watch=true`);
});

test("reset: the connection ends with RST", async (t) => {
  const server = await started(t);
  server.faults.add({ effect: { kind: "reset" } });
  await assert.rejects(send(t, server, MAPS).response, { code: "ECONNRESET" });
});

test("hang: no headers, on a connection that lives", async (t) => {
  const server = await started(t);
  const fault = server.faults.add({ effect: { kind: "hang" }, path: "configmaps" });
  const { sent, response } = send(t, server, MAPS);
  await met(server, fault);
  assert.equal(await settled(response), false);
  assert.equal(sent.destroyed, false);
});

test("hangBody: so many bytes, then nothing", async (t) => {
  const server = await started(t);
  server.faults.add({ effect: { kind: "hangBody", afterBytes: 10 } });
  const [response] = await send(t, server, MAPS).response;
  const [chunk] = await once(response, "data");
  assert.equal(String(chunk), '{"kind":"C');
  assert.equal(await settled(once(response, "end")), false);
});

test("cutBody: so many bytes, then the end of the connection", async (t) => {
  const server = await started(t);
  server.faults.add({ effect: { kind: "cutBody", afterBytes: 10 } });
  const [response] = await send(t, server, MAPS).response;
  const text: string[] = [];
  await assert.rejects(
    async () => {
      for await (const chunk of response) text.push(String(chunk));
    },
    { code: "ECONNRESET" },
  );
  assert.equal(text.join(""), '{"kind":"C');
});

test("slowBody: a piece for each tenth of a second", async (t) => {
  const clock = new ManualClock();
  const server = await started(t, { clock });
  const whole = (await call(server, "GET", MAPS)).text;
  server.faults.add({ effect: { kind: "slowBody", bytesPerSecond: 100 } });
  const [response] = await send(t, server, MAPS).response;
  let text = "";
  response.on("data", (chunk) => (text += String(chunk)));
  for (let bytes = 10; bytes <= whole.length; bytes += 10) {
    while (text.length < bytes) await once(response, "data");
    assert.equal(text.length, bytes);
    clock.pass(100);
  }
  const end = once(response, "end");
  clock.pass(100);
  await end;
  assert.equal(text, whole);
});

test("malformedLine and truncatedLine: in the middle of a watch", async (t) => {
  const server = await started(t);
  for (const name of ["a", "b", "c"]) server.objects.apply(configMap(name));
  const whole = await received(t, server, 3);
  assert.ok(whole.every(isJson));
  const malformed = server.faults.add({ effect: { kind: "malformedLine", afterLines: 1 } });
  const wrong = await received(t, server, 4);
  assert.deepEqual(wrong.map(isJson), [true, false, true, true]);
  assert.deepEqual(wrong.filter(isJson), whole);
  malformed.remove();
  server.faults.add({ effect: { kind: "malformedLine", afterLines: 0 }, count: 1 });
  assert.deepEqual((await received(t, server, 2)).map(isJson), [false, true]);
  server.faults.add({ effect: { kind: "truncatedLine", afterLines: 2 } });
  const cut = await received(t, server, Infinity);
  assert.deepEqual(cut.slice(0, 2), whole.slice(0, 2));
  assert.equal(cut.length, 3);
  assert.ok(whole[2]!.startsWith(cut[2]!) && cut[2]!.length < whole[2]!.length);
});

test("a line fault also strikes lines that come later", async (t) => {
  const server = await started(t);
  server.faults.add({ effect: { kind: "truncatedLine", afterLines: 1 }, watch: true });
  const [response] = await send(t, server, `${MAPS}?watch=1`).response;
  const texts = lines(response);
  server.objects.apply(configMap("a"));
  assert.ok(isJson((await texts.next()).value));
  server.objects.apply(configMap("b"));
  assert.ok(!isJson((await texts.next()).value));
  assert.equal((await texts.next()).done, true);
});

test("a watch whose client gave up during a fault leaves its place", async (t) => {
  const server = await started(t, { maxWatchers: 1 });
  server.objects.apply(configMap("a"));
  for (const effect of [
    { kind: "hangBody", afterBytes: 5 },
    { kind: "truncatedLine", afterLines: 0 },
    { kind: "cutBody", afterBytes: 5 },
  ] as const) {
    server.faults.add({ effect, count: 1 });
    const { sent, response } = send(t, server, `${MAPS}?watch=1`);
    const [body] = await response;
    body.on("error", () => undefined);
    await once(body, "data");
    sent.destroy();
    // The server learns of it by itself; until then the only place is taken.
    while ((await watchOnce(t, server)) !== 200);
  }
});

async function watchOnce(t: TestContext, server: ApiServer): Promise<number> {
  const { sent, response } = send(t, server, `${MAPS}?watch=1`);
  const [{ statusCode = 0 }] = await response;
  sent.destroy();
  return statusCode;
}

test("silent: nothing is answered any more, not even a PING of HTTP/2", async (t) => {
  const authority = await createAuthority("london");
  const { certPem, keyPem } = await authority.issue({ ips: ["127.0.0.1"] });
  const server = await started(t, { tls: { certPem, keyPem } });
  const open = async (): Promise<ClientHttp2Session> => {
    const session = connect(server.url, { ca: authority.certPem });
    session.on("error", () => undefined);
    t.after(() => session.destroy());
    await once(session, "remoteSettings");
    return session;
  };
  const dead = await open();
  await pinged(dead);
  const fault = server.faults.add({ effect: { kind: "silent" }, path: "^/api/v1/pods", count: 1 });
  const stream = dead.request({ ":path": "/api/v1/pods" });
  stream.on("error", () => undefined);
  const alive = await open();
  while (fault.struck() === 0) await pinged(alive);
  const ping = pinged(dead);
  await pinged(alive);
  assert.equal(await settled(ping), false);
  assert.equal(await settled(once(stream, "response")), false);
  assert.equal(dead.destroyed, false);
});

test("breakConnections: open watches fall silent, or are reset", async (t) => {
  const server = await started(t);
  const silent = await openWatch(t, server, `${MAPS}?watch=1`);
  server.breakConnections("silent");
  server.objects.apply(configMap("a"));
  const other = await openWatch(t, server, `${MAPS}?watch=1`);
  assert.deepEqual(await other.take(1), ["ADDED a"]);
  assert.equal(await settled(silent.next()), false);
  server.breakConnections("reset");
  await assert.rejects(other.next(), { code: "ECONNRESET" });
});

test("forgotten history: watches from before expire, new ones begin", async (t) => {
  const server = await started(t);
  server.objects.apply(configMap("a"));
  server.objects.apply(configMap("b"));
  assert.equal((await call(server, "POST", "/carrick/compact")).status, 200);
  const old = await openWatch(t, server, `${MAPS}?watch=1&resourceVersion=2`);
  assert.equal((await old.next()).object.code, 410);
  const current = await openWatch(t, server, `${MAPS}?watch=1&resourceVersion=3`);
  server.objects.apply(configMap("c"));
  assert.deepEqual(await current.take(1), ["ADDED c"]);
});

test("faults come and go over HTTP as well", async (t) => {
  const server = await started(t);
  const body = { effect: { kind: "status", code: 503 }, path: "configmaps", count: 5 };
  const { status, json } = await call(server, "POST", "/carrick/faults", { body });
  assert.equal(status, 201);
  assert.equal((await call(server, "GET", MAPS)).status, 503);
  assert.deepEqual((await call(server, "GET", "/carrick/faults")).json, {
    faults: [{ id: json.id, struck: 1, ...body }],
  });
  assert.equal((await call(server, "DELETE", `/carrick/faults/${json.id}`)).status, 200);
  assert.equal((await call(server, "DELETE", `/carrick/faults/${json.id}`)).status, 404);
  assert.equal((await call(server, "GET", MAPS)).status, 200);
  await call(server, "POST", "/carrick/faults", { body });
  assert.equal((await call(server, "DELETE", "/carrick/faults")).status, 200);
  assert.equal((await call(server, "GET", MAPS)).status, 200);
  const watch = await openWatch(t, server, `${MAPS}?watch=1`);
  assert.equal((await call(server, "POST", "/carrick/connections", { body: { effect: "reset" } })).status, 200);
  await assert.rejects(watch.next(), { code: "ECONNRESET" });
});

test("faults that mean nothing are refused, and there is an end to them", async (t) => {
  const server = await started(t);
  const refused = async (body: unknown) => {
    const { status, json } = await call(server, "POST", "/carrick/faults", { body });
    return `${status} ${json.message}`;
  };
  assert.match(await refused({}), /^400 effect: must be an object/);
  assert.match(await refused({ effect: { kind: "explode" } }), /^400 effect.kind: must be one of status, reset/);
  assert.match(await refused({ effect: { kind: "status", code: 200 } }), /^400 effect.code: .* from 400 to 599/);
  assert.match(await refused({ effect: { kind: "slowBody", bytesPerSecond: 0 } }), /^400 effect.bytesPerSecond/);
  assert.match(await refused({ effect: { kind: "reset" }, path: "(" }), /^400 path: /);
  assert.match(await refused({ effect: { kind: "reset" }, count: 0 }), /^400 count/);
  assert.equal((await call(server, "POST", "/carrick/connections", { body: { effect: "x" } })).status, 400);
  assert.equal((await call(server, "POST", "/carrick/other")).status, 404);
  const fault = { effect: { kind: "reset" }, path: "^/none$" } as const;
  for (let i = 0; i < 100; i += 1) server.faults.add(fault);
  assert.match(await refused(fault), /^429 /);
});

async function received(t: TestContext, server: ApiServer, count: number): Promise<string[]> {
  const { sent, response } = send(t, server, `${MAPS}?watch=1`);
  const texts: string[] = [];
  for await (const text of lines((await response)[0])) {
    texts.push(text);
    if (texts.length === count) break;
  }
  sent.destroy();
  return texts;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function pinged(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve, reject) => {
    session.ping((error) => (error === null ? resolve() : reject(error)));
  });
}

/** Whether it has settled after everything that is under way in this process has been dealt with. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  const mark = (): void => {
    done = true;
  };
  promise.then(mark, mark);
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return done;
}
