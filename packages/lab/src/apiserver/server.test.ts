import assert from "node:assert/strict";
import { once } from "node:events";
import type { EventEmitter } from "node:events";
import { connect } from "node:http2";
import { request } from "node:https";
import { createConnection } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { createClient, openAccess } from "@carrick/kube";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "../trust/index.ts";
import { call, configMap, openWatch, started } from "./fixture.ts";
import { startApiServer } from "./server.ts";
import type { ApiServer } from "./server.ts";

const authority = await createAuthority("london");
const pair = await authority.issue({ ips: ["127.0.0.1"], dnsNames: ["localhost"] });
const TLS = { certPem: pair.certPem, keyPem: pair.keyPem, caPem: authority.certPem };

async function https(server: ApiServer, path: string, more: Record<string, unknown> = {}): Promise<string> {
  const sent = request(`${server.url}${path}`, { ca: authority.certPem, agent: false, ...more });
  sent.end();
  const [response] = await once(sent, "response");
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return `${response.statusCode} HTTP/${response.httpVersion} ${text.slice(0, 30)}`;
}

function bearer(token: string) {
  return { headers: { authorization: `Bearer ${token}` } };
}

test("HTTP/1.1 and HTTP/2 by ALPN on one port", async (t) => {
  const server = await started(t, { tls: TLS, tokens: ["secret"] });
  assert.match(await https(server, "/version", bearer("secret")), /^200 HTTP\/1\.1 \{"major"/);
  const session = connect(server.url, { ca: authority.certPem });
  t.after(() => session.destroy());
  const stream = session.request({ ":path": "/api/v1/pods", authorization: "Bearer secret" });
  const [headers] = await once(stream, "response");
  assert.equal(headers[":status"], 200);
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  assert.equal(JSON.parse(text).kind, "PodList");
  assert.equal(session.alpnProtocol, "h2");
});

test("only a known token opens the server; probes are for everybody", async (t) => {
  const server = await started(t, { tls: TLS, tokens: ["one", "two"] });
  for (const token of ["one", "two"]) assert.match(await https(server, "/api", bearer(token)), /^200/);
  for (const headers of [
    {},
    { authorization: "Bearer on" },
    { authorization: "Basic one" },
    { authorization: "Bearer " },
  ]) {
    assert.match(await https(server, "/api", { headers }), /^401 /);
  }
  for (const path of ["/healthz", "/livez?verbose", "/readyz"])
    assert.equal(await https(server, path), "200 HTTP/1.1 ok");
  assert.match(await https(server, "/carrick/faults"), /^401 /);
  server.tokens.replace(["three"]);
  assert.match(await https(server, "/api", bearer("one")), /^401 /);
  assert.match(await https(server, "/api", bearer("three")), /^200 /);
});

test("a client's certificate of the right authority stands for a token", async (t) => {
  const clients = await createAuthority("clients");
  const foreign = await createAuthority("clients");
  const server = await started(t, { tls: { ...TLS, clientCaPem: clients.certPem }, tokens: [] });
  const certificate = async (from: typeof clients) => {
    const { certPem, keyPem } = await from.issue({ commonName: "admin", usages: ["client"], dnsNames: ["admin"] });
    return { cert: certPem, key: keyPem };
  };
  assert.match(await https(server, "/api", await certificate(clients)), /^200 /);
  assert.match(await https(server, "/api", await certificate(foreign)), /^401 /);
  assert.match(await https(server, "/api"), /^401 /);
});

test("the kubeconfig opens it for the project's own client", async (t) => {
  const server = await started(t, { tls: TLS, tokens: ["secret"] });
  const client = clientOf(t, server);
  await client.create("/api/v1/namespaces/shop/configmaps", configMap("a"));
  const list = await client.get("/api/v1/configmaps");
  assert.equal((list["items"] as unknown[]).length, 1);
});

function clientOf(t: TestContext, server: ApiServer) {
  const folder = mkdtempSync(join(tmpdir(), "carrick-apiserver-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "kubeconfig");
  writeFileSync(path, server.kubeconfig());
  const client = createClient({ access: openAccess({ kubeconfig: path, context: "london" }) });
  t.after(() => client.close());
  return client;
}

test("a port that is taken is named", async (t) => {
  const server = await started(t);
  await assert.rejects(startApiServer({ name: "paris", port: server.port }), {
    message: new RegExp(`^127\\.0\\.0\\.1:${server.port}: cannot listen: .*EADDRINUSE.*: choose another port`),
  });
});

test("IPv6 alike", async (t) => {
  const server = await started(t, { address: "::1" });
  assert.match(server.url, /^http:\/\/\[::1\]:\d+$/);
  assert.equal((await call(server, "GET", "/healthz")).text, "ok");
});

test("closing ends every watch and every connection, and the port is free again", async () => {
  const server = await startApiServer({ name: "london", tokens: ["x"], tls: TLS });
  const idle = createConnection(server.port, "127.0.0.1");
  idle.on("error", () => undefined);
  await once(idle, "connect");
  const session = connect(server.url, { ca: authority.certPem });
  session.on("error", () => undefined);
  const stream = session.request({ ":path": "/api/v1/pods?watch=1", authorization: "Bearer x" });
  stream.on("error", () => undefined);
  await once(stream, "response");
  const closed = (one: EventEmitter) => new Promise<void>((resolve) => one.once("close", resolve));
  const ended = Promise.all([closed(idle), closed(session)]);
  stream.resume();
  await server.close();
  await ended;
  const again = await startApiServer({ name: "london", port: server.port });
  await again.close();
});

test("bytes that are no TLS and no HTTP end their own connection only", async (t) => {
  const secure = await started(t, { tls: TLS, tokens: ["secret"] });
  const plain = await started(t);
  for (const server of [secure, plain]) {
    const socket = createConnection(server.port, "127.0.0.1", () => socket.write("\0\0nonsense\r\n\r\n"));
    socket.on("error", () => undefined);
    socket.resume();
    await once(socket, "close");
  }
  assert.match(await https(secure, "/api", bearer("secret")), /^200 /);
  assert.equal((await call(plain, "GET", "/healthz")).status, 200);
});

test("a body that grows too large is refused while it comes, on both versions of HTTP", async (t) => {
  const server = await started(t, { tls: TLS });
  const path = "/api/v1/namespaces/shop/configmaps";
  const megabyte = Buffer.alloc(1024 * 1024, "x");
  const sent = request(`${server.url}${path}`, { ca: authority.certPem, agent: false, method: "POST" });
  const session = connect(server.url, { ca: authority.certPem });
  t.after(() => session.destroy());
  const stream = session.request({ ":path": path, ":method": "POST" });
  stream.on("error", () => undefined);
  for (const body of [sent, stream]) for (let i = 0; i < 4; i += 1) body.write(megabyte);
  const [[response], [headers]] = await Promise.all([once(sent, "response"), once(stream, "response")]);
  assert.deepEqual([response.statusCode, headers[":status"]], [413, 413]);
  sent.destroy();
});

test("one write reaches 100 watchers", async (t) => {
  const server = await started(t);
  const watches = await Promise.all(
    Array.from({ length: 100 }, () => openWatch(t, server, "/api/v1/configmaps?watch=1")),
  );
  server.objects.apply(configMap("a"));
  const events = await Promise.all(watches.map((watch) => watch.take(1)));
  assert.ok(events.every(([event]) => event === "ADDED a"));
});
