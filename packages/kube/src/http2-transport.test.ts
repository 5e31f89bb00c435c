import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import tls from "node:tls";
import { after, test } from "node:test";
import { createAuthority } from "../../lab/src/trust/index.ts";
import { NegotiatedTransport } from "./negotiated-transport.ts";
import { readBody } from "./read-body.ts";
import type { TransportRequest } from "./transport.ts";

const authority = await createAuthority("api");
const pair = await authority.issue({ ips: ["127.0.0.1"] });
const identity = { cert: pair.certPem, key: pair.keyPem };
const limits = { headerBytes: 64 * 1024, sessions: 3, connections: 4 };
const timeouts = { connectMs: 5_000, pingEveryMs: 60_000, pingTimeoutMs: 5_000 };

const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

type Answer = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;

async function start(answer: Answer, settings: http2.Settings = {}, more: Partial<typeof timeouts> = {}) {
  const sessions: http2.ServerHttp2Session[] = [];
  const server = http2.createSecureServer({ ...identity, settings });
  server.on("session", (session) => sessions.push(session));
  server.on("sessionError", () => undefined);
  server.on("stream", (stream: http2.ServerHttp2Stream, headers) => {
    stream.on("error", () => undefined);
    answer(stream, headers);
  });
  const transport = await connect(server, more);
  closers.push(() => {
    for (const session of sessions) session.destroy();
  });
  return { transport, sessions };
}

async function connect(server: net.Server, more: Partial<typeof timeouts> = {}) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  return transportTo((server.address() as AddressInfo).port, more);
}

function transportTo(port: number, more: Partial<typeof timeouts> = {}) {
  const endpoint = { server: new URL(`https://127.0.0.1:${port}`), ca: authority.certPem, insecure: false };
  const transport = new NegotiatedTransport(endpoint, { ...timeouts, ...more }, limits);
  closers.push(() => transport.destroy(new Error("the test is over")));
  return transport;
}

function get(path: string, signal = new AbortController().signal): TransportRequest {
  return { method: "GET", path, headers: {}, signal };
}

test("many requests at once share one connection", async () => {
  const waiting: http2.ServerHttp2Stream[] = [];
  const { transport, sessions } = await start((stream, headers) => {
    waiting.push(stream);
    // None is answered before all have come.
    if (waiting.length < 50) return;
    for (const one of waiting) {
      one.respond({ ":status": 200, "x-path": headers[":path"] });
      one.end("done");
    }
  });
  const responses = await Promise.all(Array.from({ length: 50 }, (_, i) => transport.request(get(`/${i}`))));
  for (const { status, body } of responses) {
    assert.equal(status, 200);
    assert.equal(await readBody(body, 100, "/"), "done");
  }
  assert.equal(sessions.length, 1);
});

test("a server that allows few streams gets another connection, up to the bound", async () => {
  const streams: http2.ServerHttp2Stream[] = [];
  const answer: Answer = (stream) => {
    streams.push(stream);
    stream.respond({ ":status": 200 });
  };
  const { transport, sessions } = await start(answer, { maxConcurrentStreams: 2 });
  const stop = new AbortController();
  for (let i = 0; i < 6; i += 1) await transport.request(get("/", stop.signal));
  assert.equal(sessions.length, 3);
  await assert.rejects(transport.request(get("/")), /3 HTTP\/2 sessions are full/);
  const closed = Promise.all(streams.map((stream) => once(stream, "close")));
  stop.abort();
  await closed;
  const { status } = await transport.request(get("/"));
  assert.equal(status, 200);
  assert.equal(sessions.length, 3);
});

test("a body is sent, and aborting one request leaves its neighbours alone", async () => {
  const { transport } = await start((stream, headers) => {
    stream.respond({ ":status": 200 });
    if (headers[":method"] === "POST") stream.pipe(stream);
    else stream.write("x");
  });
  const stop = new AbortController();
  const { body: aborted } = await transport.request(get("/", stop.signal));
  const reading = readBody(aborted, 100, "/");
  stop.abort(new Error("enough"));
  await assert.rejects(reading, /enough/);
  const echo = await transport.request({ ...get("/"), method: "POST", body: Buffer.from("hello") });
  assert.equal(await readBody(echo.body, 100, "/"), "hello");
});

test("a stream that is reset fails before and after its headers, with whatever code", async () => {
  const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR } = http2.constants;
  for (const code of [NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR]) {
    const early = await connect(resettingServer([resetStream(code)]));
    await assert.rejects(early.request(get("/")), /Stream closed with error|reset the stream/, `code ${code}`);
    const late = await connect(resettingServer([okHeaders, someData, resetStream(code)]));
    const { body } = await late.request(get("/"));
    await assert.rejects(readBody(body, 100, "/"), /Stream closed with error|reset the stream/, `code ${code}`);
  }
});

/** Frames of the first stream (RFC 9113 §4.1): Node's own server never resets a stream that it can end. */
function frame(type: number, flags: number, stream: number, payload: readonly number[]): Buffer {
  return Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream, ...payload]);
}
const settings = frame(4, 0, 0, []);
const okHeaders = frame(1, 4, 1, [0x88]);
const someData = frame(0, 0, 1, [0x78]);
const resetStream = (code: number): Buffer => frame(3, 0, 1, [0, 0, 0, code]);

function resettingServer(frames: readonly Buffer[]): tls.Server {
  return tls.createServer({ ...identity, ALPNProtocols: ["h2"] }, (socket) => {
    closers.push(() => socket.destroy());
    socket.on("error", () => undefined);
    socket.write(settings);
    let heard = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      heard = Buffer.concat([heard, chunk]);
      // Behind the preface of 24 bytes: length, type, flags, stream of each frame.
      for (let at = 24; at + 9 <= heard.length; at += 9 + heard.readUIntBE(at, 3)) {
        if (heard[at + 3] !== 1) continue;
        socket.removeAllListeners("data").resume().write(Buffer.concat(frames));
        return;
      }
    });
  });
}

test("a connection that the server says it will close takes no new requests, and the next one opens another", async () => {
  const streams: http2.ServerHttp2Stream[] = [];
  const { transport, sessions } = await start((stream) => {
    streams.push(stream);
    stream.respond({ ":status": 200 });
    stream.write("x");
  });
  const first = await transport.request(get("/"));
  const chunks = first.body[Symbol.asyncIterator]();
  await chunks.next();
  sessions[0]?.goaway();
  while (sessions.length < 2) await transport.request(get("/"));
  streams[0]?.end("y");
  assert.equal(String((await chunks.next()).value), "y", "what was open goes on");
});

test("a connection that has died silently is noticed although nothing is sent", async () => {
  const server = http2.createSecureServer(identity);
  server.on("stream", (stream) => {
    stream.respond({ ":status": 200 });
    stream.write("x");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const relay = await startRelay((server.address() as AddressInfo).port);
  const transport = transportTo(relay.port, { pingEveryMs: 20, pingTimeoutMs: 200 });
  const { body } = await transport.request(get("/"));
  const chunks = body[Symbol.asyncIterator]();
  await chunks.next();
  relay.freeze();
  await assert.rejects(chunks.next(), /the connection is dead: no answer to a PING within 200 ms/);
  relay.close();
  server.close();
});

/** Carries bytes to and fro until it is frozen: from then on nothing moves, and nobody is told. */
async function startRelay(to: number) {
  const sockets: net.Socket[] = [];
  const relay = net.createServer((near) => {
    const far = net.connect(to, "127.0.0.1");
    sockets.push(near, far);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on("error", () => undefined);
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  return {
    port: (relay.address() as AddressInfo).port,
    freeze(): void {
      for (const socket of sockets) socket.unpipe().pause();
    },
    close(): void {
      for (const socket of sockets) socket.destroy();
      relay.close();
    },
  };
}

test("a server that says nothing after the handshake is given up", async () => {
  const transport = await connect(tls.createServer({ ...identity, ALPNProtocols: ["h2"] }), { connectMs: 100 });
  await assert.rejects(transport.request(get("/")), /no HTTP\/2 SETTINGS within 100 ms/);
});

test("a server whose TLS handshake never ends is given up", async () => {
  const transport = await connect(
    net.createServer((socket) => closers.push(() => socket.destroy())),
    { connectMs: 100 },
  );
  await assert.rejects(transport.request(get("/")), /no connection within 100 ms/);
});

test("a server that does not speak HTTP/2 is spoken to in HTTP/1.1", async () => {
  const server = https.createServer(identity, (request, response) => response.end(request.httpVersion));
  const { body } = await (await connect(server)).request(get("/"));
  assert.equal(await readBody(body, 100, "/"), "1.1");
});

test("a retired transport lets open requests end", async () => {
  const streams: http2.ServerHttp2Stream[] = [];
  const { transport, sessions } = await start((stream) => {
    stream.respond({ ":status": 200 });
    streams.push(stream);
  });
  const { body } = await transport.request(get("/"));
  transport.retire();
  const closed = once(sessions[0]!, "close");
  streams[0]?.end("last");
  assert.equal(await readBody(body, 100, "/"), "last");
  await closed;
});
