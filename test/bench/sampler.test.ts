import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { test } from "node:test";
import { Sampler } from "../../bench/world/sampler.ts";
import { createAuthority } from "../../packages/lab/src/trust/index.ts";

const POD = JSON.stringify({ cluster: "c1", pod: "pod-1", receivedAt: 0 });

/** Answers 404 until the request of this number, counted from 1. */
function servedFrom(number: number): RequestListener {
  let asked = 0;
  return (request, response) => {
    asked += 1;
    if (asked < number) response.writeHead(404, { "content-length": 0 }).end();
    else response.writeHead(200, { "content-length": POD.length, "x-host": request.headers.host }).end(POD);
  };
}

async function listening(server: Server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { address: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

test("asks over one connection until the answer is there", async () => {
  const server = createServer(servedFrom(20));
  let connections = 0;
  server.on("connection", () => (connections += 1));
  const sampler = await Sampler.connect(await listening(server), "a.example");
  try {
    assert.deepEqual(await sampler.ask("a.example"), { status: 404, cluster: "", pod: "" });
    const before = performance.timeOrigin + performance.now();
    const { at, intervalMs } = await sampler.until("a.example", ({ pod }) => pod === "pod-1", 10_000);
    assert.ok(at > before && at <= performance.timeOrigin + performance.now());
    assert.ok(intervalMs > 0);
    assert.deepEqual(await sampler.ask("b.example"), { status: 200, cluster: "c1", pod: "pod-1" });
    assert.equal(connections, 1);
  } finally {
    sampler.close();
    server.close();
  }
});

test("gives up after its time, and says what was answered last", async () => {
  const server = createServer(servedFrom(Number.POSITIVE_INFINITY));
  const sampler = await Sampler.connect(await listening(server), "a.example");
  try {
    await assert.rejects(
      sampler.until("a.example", ({ status }) => status === 200, 5),
      {
        message: "a.example: not within 5 ms; the last answer: 404 ",
      },
    );
  } finally {
    sampler.close();
    server.close();
  }
});

test("over TLS the server name is the host's and the authority is checked", async () => {
  const authority = await createAuthority("sampler test");
  const { certPem, keyPem } = await authority.issue({ dnsNames: ["a.example"], usages: ["server"] });
  const server = createTlsServer({ cert: certPem, key: keyPem }, servedFrom(1));
  const edge = { ...(await listening(server)), authority: authority.certPem };
  try {
    const sampler = await Sampler.connect(edge, "a.example");
    assert.equal((await sampler.ask("a.example")).status, 200);
    sampler.close();
    await assert.rejects(Sampler.connect(edge, "other.example"), /altnames/);
  } finally {
    server.close();
  }
});

test("an edge that ends the connection or answers without a length is an error", async () => {
  const server = createServer((request, response) => {
    if (request.headers.host === "ends.example") request.socket.destroy();
    else response.writeHead(200).end("chunked");
  });
  const edge = await listening(server);
  try {
    for (const [host, message] of [
      ["ends.example", /the edge closed the connection/],
      ["chunked.example", /an answer without content-length/],
    ] as const) {
      const sampler = await Sampler.connect(edge, host);
      await assert.rejects(sampler.ask(host), message);
      await assert.rejects(sampler.ask(host), message);
    }
  } finally {
    server.close();
  }
});
