import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Question } from "./frame.ts";
import type { Deliver } from "./plugin.ts";
import { startCniServer } from "./server.ts";

function question(...texts: readonly string[]): Buffer {
  const parts = texts.flatMap((text) => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(Buffer.byteLength(text));
    return [size, Buffer.from(text)];
  });
  const body = Buffer.concat(parts);
  const header = Buffer.from("CRQ1\0\0\0\0", "latin1");
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

const ASKED = question("STATUS", "", "", "", "", "{}");

type Answerer = (question: Question, deliver: Deliver, signal: AbortSignal) => Promise<void>;

const answerAtOnce: Answerer = async (_, deliver) => {
  await deliver({ ok: true, text: "yes" });
};

async function serverOf(t: TestContext, answer: Answerer = answerAtOnce) {
  const folder = mkdtempSync(join(tmpdir(), "carrick-server-"));
  const problems: string[] = [];
  const path = join(folder, "run", "agent.sock");
  const options = { path, answer, onProblem: (problem: string) => void problems.push(problem) };
  const server = await startCniServer(options);
  t.after(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { path, options, server, problems, folder };
}

/** What comes until the other side closes. */
async function rest(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", () => {});
  await once(socket, "close");
  return Buffer.concat(chunks).toString("latin1");
}

const YES = "CRS1\0\0\0\0\0\0\0\x03yes";

test("only root can connect, and nothing else is left in the folder", async (t) => {
  const { path } = await serverOf(t);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(path, "..")), ["agent.sock"]);
});

test("a question is answered in whatever pieces it comes", async (t) => {
  const { path, problems } = await serverOf(t);
  for (const size of [ASKED.length, 1, 5, 11]) {
    const socket = createConnection(path);
    const answer = rest(socket);
    for (let at = 0; at < ASKED.length; at += size) {
      await new Promise((resolve) => socket.write(ASKED.subarray(at, at + size), resolve));
    }
    assert.equal(await answer, YES);
  }
  assert.deepEqual(problems, []);
});

test("what is no question is closed and told; who asks nothing is closed in silence", async (t) => {
  const { path, problems } = await serverOf(t);
  const large = Buffer.from(ASKED);
  large.writeUInt32BE(0x7fff_ffff, 4);
  for (const bytes of [Buffer.from("GET / HTTP/1.1\r\n\r\n"), large, Buffer.concat([ASKED, ASKED]), question("ADD")]) {
    const socket = createConnection(path);
    const answer = rest(socket);
    socket.write(bytes);
    assert.equal(await answer, "");
  }
  const half = createConnection(path);
  const silence = rest(half);
  half.end(ASKED.subarray(0, 12));
  assert.equal(await silence, "");
  const nothing = createConnection(path);
  const closed = rest(nothing);
  nothing.end();
  assert.equal(await closed, "");
  assert.deepEqual(problems, [
    "CNI: a connection brought is no question of a Carrick CNI client; it was closed",
    "CNI: a connection brought a question of 2147483647 bytes, at most 1048576 are read; it was closed",
    "CNI: a connection brought a question whose size is not the one in its header; it was closed",
    "CNI: a connection brought a question that has not exactly six texts; it was closed",
    "CNI: a connection brought a question that ends too early; it was closed",
  ]);
});

test("a question that does not come to its end costs a bounded time", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { path, problems } = await serverOf(t);
  const socket = createConnection(path);
  const answer = rest(socket);
  await new Promise((resolve) => socket.write(ASKED.subarray(0, 12), resolve));
  // Another connection that is answered: the first has been accepted before.
  const other = createConnection(path);
  const second = rest(other);
  other.write(ASKED);
  assert.equal(await second, YES);
  t.mock.timers.tick(5000);
  assert.equal(await answer, "");
  assert.deepEqual(problems, ["CNI: a connection brought no whole question in time; it was closed"]);
});

test("an operation is told when its time is over, and when its client is gone; nothing is delivered then", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const begun: ((value: unknown) => void)[] = [];
  const reasons: string[] = [];
  const delivered: boolean[] = [];
  const { path } = await serverOf(t, async (_, deliver, signal) => {
    const aborted = once(signal, "abort");
    begun.shift()!(undefined);
    await aborted;
    reasons.push((signal.reason as Error).message);
    delivered.push(await deliver({ ok: true, text: "too late" }));
    delivered.push(await deliver({ ok: false, text: "error" }));
  });
  const ask = async () => {
    const { promise, resolve } = Promise.withResolvers();
    begun.push(resolve);
    const socket = createConnection(path);
    socket.write(ASKED);
    const answer = rest(socket);
    await promise;
    return { socket, answer };
  };
  const late = await ask();
  t.mock.timers.tick(25_000);
  assert.equal(await late.answer, "CRS1\0\0\0\x01\0\0\0\x05error");
  const gone = await ask();
  gone.socket.destroy();
  await gone.answer;
  // The next one is served after the one that is gone.
  const next = await ask();
  next.socket.destroy();
  await next.answer;
  assert.deepEqual(reasons.slice(0, 2), [
    "STATUS took more than 25000 ms; the agent's log says what it waited for",
    "the client of the runtime is gone",
  ]);
  assert.deepEqual(delivered.slice(0, 4), [false, true, false, false]);
});

test("a new agent takes the socket over without a gap; the old one that closes leaves it", async (t) => {
  const { path, options, server } = await serverOf(t);
  const answer: Answerer = async (_, deliver) => void (await deliver({ ok: true, text: "new" }));
  const newer = await startCniServer({ ...options, answer });
  await server.close();
  const socket = createConnection(path);
  const told = rest(socket);
  socket.write(ASKED);
  assert.equal(await told, YES.replace("yes", "new"));
  await newer.close();
  assert.ok(!existsSync(path));
});

test("closing waits for the answers that are owed", async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const { path, server } = await serverOf(t, async (_, deliver) => {
    begun.resolve();
    await promise;
    await deliver({ ok: true, text: "yes" });
  });
  const socket = createConnection(path);
  const answer = rest(socket);
  socket.write(ASKED);
  await begun.promise;
  const closed = server.close();
  assert.ok(!existsSync(path));
  resolve();
  await closed;
  assert.equal(await answer, YES);
});

test("where nobody can listen is an error that names the path", async (t) => {
  const { options, folder } = await serverOf(t);
  const path = join(folder, "x".repeat(100), "agent.sock");
  await assert.rejects(startCniServer({ ...options, path }), /longer than a socket's path can be \(107 bytes\)/);
  const file = join(folder, "file");
  writeFileSync(file, "");
  await assert.rejects(startCniServer({ ...options, path: join(file, "agent.sock") }), {
    name: "CniServerError",
    message: /file\/agent\.sock: the agent cannot listen there \(.*\); check the folder/,
  });
});
