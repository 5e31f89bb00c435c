import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { Http1Transport } from "./http1-transport.ts";
import { readBody } from "./read-body.ts";
import type { TransportRequest } from "./transport.ts";

const limits = { headerBytes: 4096, sessions: 1, connections: 4 };

async function start(answer: http.RequestListener) {
  const sockets = new Set<Socket>();
  const server = http.createServer({ keepAliveTimeout: 60_000 }, answer);
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const endpoint = { server: new URL(`http://127.0.0.1:${port}`), insecure: false };
  const transport = new Http1Transport(endpoint, limits);
  return {
    transport,
    sockets,
    async [Symbol.asyncDispose]() {
      transport.destroy(new Error("the test is over"));
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function get(path: string, signal = new AbortController().signal): TransportRequest {
  return { method: "GET", path, headers: {}, signal };
}

test("one connection serves one request after the other", async () => {
  await using server = await start((request, response) => response.end(request.url));
  for (const path of ["/a", "/b", "/c"]) {
    const response = await server.transport.request(get(path));
    assert.equal(await readBody(response.body, 100, path), path);
  }
  assert.equal(server.sockets.size, 1);
});

test("a body and headers arrive as they were sent", async () => {
  await using server = await start((request, response) => {
    response.writeHead(201, { "x-kind": request.headers["content-type"], "x-two": ["a", "b"] });
    request.pipe(response);
  });
  const body = Buffer.from('{"a":"ä"}');
  const {
    status,
    headers,
    body: answer,
  } = await server.transport.request({
    ...get("/"),
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  assert.deepEqual([status, headers["x-kind"], headers["x-two"]], [201, "application/json", "a, b"]);
  assert.equal(await readBody(answer, 100, "/"), '{"a":"ä"}');
});

test("a kept connection that the server has closed is replaced for a GET, and told for a write", async () => {
  let answered = 0;
  await using server = await start((request, response) => {
    answered += 1;
    // The second request on a connection finds it closed under its feet.
    if (request.url === "/first") response.end();
    else request.socket.destroy();
  });
  const first = async () => readBody((await server.transport.request(get("/first"))).body, 100, "/first");
  await first();
  await assert.rejects(server.transport.request({ ...get("/"), method: "POST", body: Buffer.from("{}") }));
  assert.equal(answered, 2, "the write was sent once");
  await first();
  await assert.rejects(server.transport.request(get("/")));
  assert.equal(answered, 5, "the GET was sent once more");
});

test("connections are bounded", async () => {
  await using server = await start((_, response) => response.write("x"));
  const stop = new AbortController();
  const open = [1, 2, 3, 4].map(() => server.transport.request(get("/", stop.signal)));
  await Promise.all(open);
  await assert.rejects(server.transport.request(get("/")), /4 HTTP\/1.1 connections are in use, which is the limit/);
  stop.abort();
});

test("aborting ends the connection of a request, before and after its headers", async () => {
  await using server = await start((request, response) => {
    if (request.url === "/slow") response.write("x");
  });
  const reason = new Error("enough");
  const before = new AbortController();
  const hanging = server.transport.request(get("/hang", before.signal));
  before.abort(reason);
  await assert.rejects(hanging, reason);
  const after = new AbortController();
  const { body } = await server.transport.request(get("/slow", after.signal));
  const reading = readBody(body, 100, "/slow");
  after.abort(reason);
  await assert.rejects(reading);
  await Promise.all([...server.sockets].map(async (socket) => socket.destroyed || once(socket, "close")));
});

test("a retired transport closes its connections once their requests have ended", async () => {
  await using server = await start((_, response) => {
    response.write("x");
    response.on("finish", () => undefined);
    setImmediate(() => response.end("y"));
  });
  const { body } = await server.transport.request(get("/"));
  server.transport.retire();
  assert.equal(await readBody(body, 100, "/"), "xy");
  const [socket] = server.sockets;
  if (socket?.destroyed === false) await once(socket, "close");
});
