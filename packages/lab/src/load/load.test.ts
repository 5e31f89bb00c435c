import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createAuthority } from "../trust/authority.ts";
import { startBackend } from "../backend/backend.ts";
import { freePort } from "../process/free-port.ts";
import { sendMany } from "./closed-loop.ts";
import { exchange, keepConnections, type Exchange, type Target } from "./exchange.ts";
import { probe } from "./first-success.ts";
import { startLoad } from "./open-loop.ts";
import { quantile, tally } from "./tally.ts";

const LOCAL = "127.0.0.1";

/** A server whose connections are counted. */
async function serve(answer: RequestListener): Promise<{ target: Target; connections: () => number; server: Server }> {
  const server = createServer(answer);
  let connections = 0;
  server.on("connection", () => connections++);
  server.listen(0, LOCAL);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const target = { name: "it", address: LOCAL, port, host: "shop.example", path: "/cart?x=1" };
  return { target, connections: () => connections, server };
}

function end(server: Server): void {
  server.closeAllConnections();
  server.close();
}

test("an exchange says who answered which host and path, and when the back end had it", async () => {
  const addresses = ["127.78.0.1", "127.78.0.2"] as const;
  const port = await freePort(addresses);
  const pods = addresses.map((address, i) => ({ name: `web-${i}`, address }));
  const backend = await startBackend({ cluster: "london", port, pods });
  const connections = keepConnections(1);
  try {
    const target = { name: "cart", address: addresses[1], port, host: "shop.example", path: "/cart" };
    const record = await exchange(target, 1000, connections);
    assert.deepEqual(
      { ...record, at: 0, ms: 0, receivedAt: 0 },
      { target: "cart", at: 0, ms: 0, status: 200, cluster: "london", pod: "web-1", receivedAt: 0 },
    );
    assert.ok(record.receivedAt! >= record.at && record.receivedAt! <= record.at + record.ms);
  } finally {
    connections.close();
    await backend.close();
  }
  await assert.rejects(
    startBackend({ cluster: "london", port, pods: [{ name: "x", address: "192.0.2.1" }] }),
    /listen/,
  );
});

test("an exchange over TLS checks the authority and the host's name", async () => {
  const authority = await createAuthority("lab");
  const { certPem, keyPem } = await authority.issue({ dnsNames: ["shop.example"] });
  const server = createTlsServer({ cert: certPem, key: keyPem }, (_request, response) => response.end("fine"));
  server.listen(0, LOCAL);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const target = { name: "tls", address: LOCAL, port, host: "shop.example", path: "/", authority: authority.certPem };
  try {
    assert.equal((await exchange(target, 1000)).status, 200);
    assert.match((await exchange({ ...target, host: "other.example" }, 1000)).error ?? "", /altnames/);
    const foreign = (await createAuthority("lab")).certPem;
    assert.match((await exchange({ ...target, authority: foreign }, 1000)).error ?? "", /certificate|signature/);
  } finally {
    server.close();
  }
});

test("no answer, half an answer, a reset, an endless answer and a refused connection are errors, not exceptions", async () => {
  const { target, server } = await serve((request, response) => {
    if (request.url === "/half") response.writeHead(200, { "content-length": 10 }).write("half");
    if (request.url === "/reset") request.socket.resetAndDestroy();
    if (request.url === "/endless") response.end("x".repeat(100_000));
  });
  const ask = (path: string) => exchange({ ...target, path }, 50);
  try {
    assert.equal((await ask("/hangs")).error, "no whole answer within 50 ms");
    const half = await ask("/half");
    assert.deepEqual([half.status, half.error], [200, "no whole answer within 50 ms"]);
    assert.match((await ask("/reset")).error ?? "", /ECONNRESET|hang up/);
    assert.equal((await exchange({ ...target, path: "/endless" }, 5000)).error, "an answer of more than 65536 bytes");
  } finally {
    end(server);
  }
  assert.match((await ask("/")).error ?? "", /ECONNREFUSED/);
});

test("a load goes on at its rate while answers hang, and counts what it may not send", async () => {
  let asked = 0;
  const { target, server } = await serve(() => asked++);
  try {
    const load = startLoad({ targets: [target], rate: 1000, timeoutMs: 150, maxOpen: 20, freshEvery: 0 });
    await load.more(100);
    const records = await load.stop();
    const { requests, failed, failures } = tally(records);
    assert.equal(failed, requests);
    assert.ok(failures.get("not sent: 20 requests are open")! > 0);
    assert.equal(failures.get("no whole answer within 150 ms"), asked);
    assert.ok(records.every((record, i) => i === 0 || record.at >= records[i - 1]!.at));
  } finally {
    end(server);
  }
});

test("a load asks its targets in turn, over kept connections and fresh ones, and ends itself at its bound", async () => {
  const { target, connections, server } = await serve((_request, response) => response.end("{}"));
  try {
    const targets = [target, { ...target, name: "other", path: "/other" }];
    const load = startLoad({ targets, rate: 500, freshEvery: 4, maxRecords: 40 });
    await load.more(1000);
    const records = await load.stop();
    assert.equal(records.length, 40);
    assert.equal(records.filter((record) => record.target === "other").length, 20);
    assert.equal(tally(records).failed, 0);
    assert.ok(
      connections() > 10 && connections() < 20,
      `10 fresh connections and a few kept ones, not ${connections()}`,
    );
  } finally {
    end(server);
  }
  assert.throws(() => startLoad({ targets: [], rate: 1 }), /needs a target/);
});

test("many requests go over as many connections as are given", async () => {
  const { target, connections, server } = await serve((_request, response) => response.end("{}"));
  try {
    const records = await sendMany([target], 100, { parallel: 3 });
    assert.equal(tally(records).requests, 100);
    assert.equal(connections(), 3);
  } finally {
    end(server);
  }
});

test("a prober finds the first success over one connection and tells how densely it asked", async () => {
  let serving = false;
  const { target, connections, server } = await serve((_request, response) => {
    response.statusCode = serving ? 200 : 404;
    response.end();
  });
  try {
    const prober = probe(target, ({ status }) => status === 200, { withinMs: 10_000 });
    await prober.warm;
    serving = true;
    const { exchange, at, asked, sampling } = await prober.first;
    assert.equal(exchange.status, 200);
    assert.equal(at, exchange.at + exchange.ms);
    assert.ok(asked >= 1);
    assert.ok(sampling.longestMs >= sampling.medianMs);
    assert.equal(connections(), 1);

    serving = false;
    const stopped = probe(target, ({ status }) => status === 200, { withinMs: 10_000 });
    await stopped.warm;
    stopped.stop();
    await assert.rejects(stopped.first, /it: stopped after \d+ requests/);
    const late = probe(target, ({ status }) => status === 200, { withinMs: 5 });
    await assert.rejects(late.first, /it: not within 5 ms; the last of \d+ answers: status 404/);
  } finally {
    end(server);
  }
});

test("a tally counts failures by kind and answers by cluster and pod", () => {
  const at = { target: "t", at: 0, ms: 5, status: 200, cluster: "london", pod: "a" };
  const exchanges: Exchange[] = [
    at,
    { ...at, ms: 1 },
    { ...at, cluster: "paris" },
    { ...at, status: 503, cluster: "" },
    { ...at, status: 0, error: "reset" },
    { ...at, error: "half" },
  ];
  assert.deepEqual(tally(exchanges), {
    requests: 6,
    failures: new Map([
      ["status 503", 1],
      ["reset", 1],
      ["half", 1],
    ]),
    failed: 3,
    clusters: new Map([
      ["london", 2],
      ["paris", 1],
    ]),
    pods: new Map([
      ["london/a", 2],
      ["paris/a", 1],
    ]),
    p50: 5,
    p99: 5,
    longest: 5,
  });
  assert.equal(quantile([], 0.5), 0);
  assert.equal(quantile([1, 2, 3, 4], 0.5), 2);
});
