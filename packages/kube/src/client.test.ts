import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { inspect } from "node:util";
import { type ApiServer, startApiServer } from "@carrick/lab";
import { createAuthority } from "../../lab/src/trust/index.ts";
import { openAccess } from "./access.ts";
import { type ClientOptions, createClient, type KubeClient } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import { patchOrCreate } from "./patch-or-create.ts";
import { readBody } from "./read-body.ts";

const folder = mkdtempSync(join(tmpdir(), "carrick-client-"));
const authority = await createAuthority("api");
const pair = await authority.issue({ ips: ["127.0.0.1"] });
const open: { close(): unknown }[] = [];
after(async () => {
  for (const one of open) await one.close();
  rmSync(folder, { recursive: true, force: true });
});
let count = 0;

async function startServer(token = "t", clientCaPem?: string): Promise<ApiServer> {
  const tls = { certPem: pair.certPem, keyPem: pair.keyPem, caPem: authority.certPem };
  const trust = clientCaPem === undefined ? {} : { clientCaPem };
  const server = await startApiServer({ name: "london", tls: { ...tls, ...trust }, tokens: [token] });
  open.push(server);
  return server;
}

function kubeconfig(url: string, user: object = { token: "t" }, cluster: object = {}): string {
  const ca = Buffer.from(authority.certPem).toString("base64");
  return JSON.stringify({
    "current-context": "london",
    contexts: [{ name: "london", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server: url, "certificate-authority-data": ca, ...cluster } }],
    users: [{ name: "u", user }],
  });
}

function connect(content: string, options: Partial<ClientOptions> = {}): KubeClient & { readonly path: string } {
  count += 1;
  const path = join(folder, String(count));
  writeFileSync(path, content);
  const client = createClient({ access: openAccess({ kubeconfig: path }), ...options });
  open.unshift(client);
  return Object.assign(client, { path });
}

function fails(status: number, reason: string, message: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof KubeError, inspect(error));
    assert.deepEqual([error.status, error.reason], [status, reason], error.message);
    assert.match(error.message, message);
    assert.doesNotMatch(inspect(error, { depth: 9 }), /hunter2/);
    return true;
  };
}

const path = "/api/v1/namespaces";
const shop = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };

test("objects are created, read, patched, replaced and removed", async () => {
  const client = connect(kubeconfig((await startServer()).url));
  const created = await client.create(path, shop);
  assert.deepEqual(await client.get(`${path}/shop`), created);
  const patched = await client.patch(`${path}/shop`, { metadata: { labels: { a: "1" } } });
  assert.deepEqual((patched["metadata"] as { labels: object }).labels, { a: "1" });
  await client.update(`${path}/shop`, { ...shop, metadata: { name: "shop", labels: { b: "2" } } });
  const { items } = (await client.get(path, { query: { labelSelector: "b=2", limit: undefined } })) as {
    items: object[];
  };
  assert.equal(items.length, 1);
  await client.remove(`${path}/shop`);
  await assert.rejects(
    client.get(`${path}/shop`),
    fails(404, "NotFound", /GET \/api\/v1\/namespaces\/shop: 404 NotFound: .*not found/),
  );
});

test("one object is patched, or created where there is none", async () => {
  const server = await startServer();
  const client = connect(kubeconfig(server.url));
  const resource = { group: "", version: "v1", plural: "namespaces" };
  const drain = (value: string) =>
    patchOrCreate(client, resource, {
      name: "shop",
      patch: { metadata: { labels: { drain: value } } },
      whole: { ...shop, metadata: { name: "shop", labels: { drain: value } } },
    });
  await drain("true");
  await drain("false");
  // Another client creates the object between the two requests.
  server.objects.delete({ apiVersion: "v1", kind: "Namespace", name: "shop" });
  server.faults.add({ method: "PATCH", count: 1, effect: { kind: "status", code: 404 } });
  server.objects.apply(shop);
  await drain("maybe");
  const object = server.objects.get({ apiVersion: "v1", kind: "Namespace", name: "shop" });
  assert.deepEqual(object?.metadata.labels, { drain: "maybe" });
  const none = { group: "carrick.dev", version: "v1", plural: "clusters" };
  await assert.rejects(
    patchOrCreate(client, none, { name: "self", patch: {}, whole: {} }),
    fails(404, "NotFound", /clusters/),
  );
});

test("a refusal tells status, reason, message and how long to wait", async () => {
  const server = await startServer();
  const client = connect(kubeconfig(server.url));
  server.faults.add({ count: 1, effect: { kind: "status", code: 429, retryAfterSeconds: 3, message: "too\n busy" } });
  await assert.rejects(client.get(path), (error: unknown) => {
    assert.equal((error as KubeError).retryAfter, 3_000);
    return fails(429, "TooManyRequests", /429 TooManyRequests: too busy$/)(error);
  });
  await assert.rejects(client.create(path, {}), fails(422, "Invalid", /POST .*name or generateName is required/));
});

test("a token that was rotated at the server is read again at the first 401, and the request sent again", async () => {
  const server = await startServer();
  const client = connect(kubeconfig(server.url));
  await client.get(path);
  server.tokens.replace(["t2"]);
  await assert.rejects(client.get(path), fails(401, "Unauthorized", /401 Unauthorized/));
  writeFileSync(client.path, kubeconfig(server.url, { token: "t2" }));
  await client.create(path, shop);
  // Also when the file changes only between the request and its refusal.
  server.faults.add({ count: 1, effect: { kind: "status", code: 401 } });
  const late = client.get(path);
  writeFileSync(client.path, kubeconfig(server.url, { token: "t3" }));
  server.tokens.replace(["t2", "t3"]);
  await late.catch(fails(401, "Unauthorized", /401/));
  await client.get(path);
});

test("a client certificate opens the server, and a rotated one is used from the next request on", async () => {
  const users = await createAuthority("users");
  const server = await startServer("other", users.certPem);
  const user = async () => {
    const { certPem, keyPem } = await users.issue({ commonName: "jane" });
    const data = (pem: string) => Buffer.from(pem).toString("base64");
    return { "client-certificate-data": data(certPem), "client-key-data": data(keyPem) };
  };
  const client = connect(kubeconfig(server.url, await user()));
  await client.get(path);
  writeFileSync(client.path, kubeconfig(server.url, await user()));
  await client.get(path);
  const stranger = await authority.issue({ commonName: "jane" });
  const data = (pem: string) => Buffer.from(pem).toString("base64");
  const foreign = { "client-certificate-data": data(stranger.certPem), "client-key-data": data(stranger.keyPem) };
  await assert.rejects(connect(kubeconfig(server.url, foreign)).get(path), fails(401, "Unauthorized", /401/));
});

test("what keeps a server from answering is told in one sentence with its fix", async () => {
  const server = await startServer();
  const other = Buffer.from((await createAuthority("other")).certPem).toString("base64");
  const cases: [string, RegExp][] = [
    [
      kubeconfig(server.url, {}, { "certificate-authority-data": other }),
      /not signed by the given authority .*correct the certificate authority/,
    ],
    [
      kubeconfig(server.url, {}, { "tls-server-name": "api.example" }),
      /certificate is for another name: correct server or tls-server-name/,
    ],
    [kubeconfig("https://carrick.invalid"), /name cannot be resolved .*correct the address or the DNS/],
    [kubeconfig("https://127.0.0.1:1"), /nothing listens there \(ECONNREFUSED\): start the API server/],
  ];
  for (const [content, message] of cases)
    await assert.rejects(connect(content).get(path), fails(0, "Unreachable", message));
  const unread = createClient({ access: openAccess({ kubeconfig: join(folder, "absent") }) });
  await assert.rejects(unread.get(path), fails(0, "Credentials", /absent: no such file/));
  const insecure = { "certificate-authority-data": undefined, "insecure-skip-tls-verify": true };
  await connect(kubeconfig(server.url, { token: "t" }, insecure)).get(path);
});

test("a server that hangs is given up, before its headers and within its body", async () => {
  const server = await startServer();
  server.objects.apply(shop);
  const client = connect(kubeconfig(server.url), { timeouts: { headersMs: 100, silentMs: 100 } });
  await client.get(path);
  server.faults.add({ count: 1, effect: { kind: "hang" } });
  await assert.rejects(client.get(path), fails(0, "Timeout", /no answer within 100 ms/));
  server.faults.add({ count: 1, effect: { kind: "hangBody", afterBytes: 10 } });
  await assert.rejects(client.get(path), fails(0, "Timeout", /nothing more of the answer within 100 ms/));
  await client.get(path);
});

test("a body that is slow but not silent is read to its end", async () => {
  const server = await startServer();
  server.objects.apply(shop);
  const client = connect(kubeconfig(server.url), { timeouts: { silentMs: 1_000 } });
  server.faults.add({ count: 1, effect: { kind: "slowBody", bytesPerSecond: 3_000 } });
  assert.equal(((await client.get(path))["items"] as unknown[]).length, 1);
});

test("an answer larger than the bound is refused", async () => {
  const server = await startServer();
  for (let i = 0; i < 10; i += 1) server.objects.apply({ ...shop, metadata: { name: `n${i}` } });
  const client = connect(kubeconfig(server.url), { limits: { bodyBytes: 1_000 } });
  await assert.rejects(client.get(path), fails(0, "TooLarge", /larger than 1000 bytes/));
});

test("aborting a request rejects it with the reason, and leaves others alone", async () => {
  const server = await startServer();
  const client = connect(kubeconfig(server.url));
  await client.get(path);
  const fault = server.faults.add({ count: 1, effect: { kind: "hang" } });
  const stop = new AbortController();
  const hanging = client.get(path, { signal: stop.signal });
  while (fault.struck() === 0) await turn();
  const reason = new Error("enough");
  stop.abort(reason);
  await assert.rejects(hanging, reason);
  await client.get(path);
  await assert.rejects(client.get(path, { signal: stop.signal }), reason);
});

test("closing ends what is open, and refuses what comes after", async () => {
  const server = await startServer();
  const client = connect(kubeconfig(server.url));
  const body = await client.stream(path, { query: { watch: true }, silentMs: 60_000 });
  const reading = readBody(body, 1_000, path);
  client.close();
  await assert.rejects(reading, fails(0, "Closed", /the client was closed/));
  await assert.rejects(client.get(path), fails(0, "Closed", /the client was closed/));
});

/** What travels: answers each request with what it was. */
async function startMirror(): Promise<string> {
  const server = http.createServer((request, response) => {
    if (request.url?.startsWith("/prefix/plain") === true) response.end("<html>hello</html>");
    else if (request.url?.startsWith("/prefix/proxy") === true) response.writeHead(502).end("<h1>Bad   gateway</h1>");
    else response.end(JSON.stringify({ url: request.url, headers: request.headers }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix/`;
}

test("the server's path, the query, the token and impersonation travel with each request", async () => {
  const user = { token: "abc", as: "jane", "as-groups": ["a", "b"] };
  const client = connect(kubeconfig(await startMirror(), user), { userAgent: "carrick/1" });
  const { url, headers } = (await client.get(path, {
    query: { fieldSelector: "metadata.name=a&b", watch: false },
  })) as {
    url: string;
    headers: Record<string, string>;
  };
  assert.equal(url, "/prefix/api/v1/namespaces?fieldSelector=metadata.name%3Da%26b&watch=false");
  assert.equal(headers["authorization"], "Bearer abc");
  assert.equal(headers["impersonate-user"], "jane");
  assert.equal(headers["impersonate-group"], "a, b");
  assert.equal(headers["user-agent"], "carrick/1");
  assert.equal(headers["accept"], "application/json");
});

test("answers of what is no API server are told as what they are", async () => {
  const client = connect(kubeconfig(await startMirror()));
  await assert.rejects(client.get("/plain"), fails(0, "Malformed", /no JSON object: is this an API server\?/));
  await assert.rejects(client.get("/proxy"), fails(502, "HTTP 502", /502 HTTP 502: <h1>Bad gateway<\/h1>$/));
});
