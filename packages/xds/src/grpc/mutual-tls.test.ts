import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { connect } from "node:tls";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { test } from "node:test";
import { controllerName, createAuthority, edgeName, nodeName } from "../../../lab/src/trust/index.ts";
import {
  CONTROLLER,
  DOMAIN,
  EDGE,
  isKind,
  LOCALHOST,
  MemoryView,
  ManualClock,
  material,
  raw,
  RawClient,
  resource,
  serve,
  THING,
} from "./fixture.ts";
import type { RunningServer } from "./fixture.ts";
import { startXdsServer } from "./xds-server.ts";

const LIMIT = { timeout: 20_000 };
const view = new MemoryView().set(THING, resource("c1", "body"));

/** A TLS client apart from gRPC. Resolves when the server is done with the handshake: it sends its HTTP/2 settings. */
async function handshake(server: RunningServer, options: ConnectionOptions): Promise<TLSSocket> {
  const { address, port } = server.server.address;
  const socket = connect({ host: address, port, ALPNProtocols: ["h2"], rejectUnauthorized: false, ...options });
  socket.on("error", () => {});
  await new Promise<unknown>((resolve) => socket.once("data", resolve).once("close", resolve));
  return socket;
}

test("the right certificate opens a stream, and only its name says who it is", LIMIT, async (t) => {
  const running = await serve(t, view);
  const client = await raw(t, running.server);
  client.say({ typeUrl: THING, node: { id: "someone-else", cluster: "paris" } });
  const response = await client.responses.seen(() => true);
  assert.deepEqual(
    response.resources.map(({ name }) => name),
    ["c1"],
  );
  assert.deepEqual(
    running.server.streams().map(({ peer }) => peer),
    [{ role: "edge", cluster: "london", fleet: "public", name: "e1", uri: EDGE }],
  );
  const opened = await running.events.seen(isKind("opened"));
  assert.equal(opened.peer.uri, EDGE);
});

for (const [what, uris, message] of [
  ["another domain", [edgeName("other.test", "london", "public", "e1")], /not of the trust domain carrick\.test/],
  ["a role without a view", [nodeName(DOMAIN, "london", "n1")], /only edges are served here/],
  ["a controller", [controllerName(DOMAIN, "london")], /only edges are served here/],
  ["an unknown role", [`spiffe://${DOMAIN}/cluster/london/gateway/public/e1`], /no name that Carrick gives/],
  ["a malformed name", [`${EDGE}/more`], /no name that Carrick gives/],
  ["two names", [EDGE, CONTROLLER], /has 2 URIs/],
  ["no URI", [], /has no URI/],
] as const) {
  test(`a stream is refused: ${what}`, LIMIT, async (t) => {
    const { server, events } = await serve(t, view);
    const client = await raw(t, server, { uris, dnsNames: ["edge.example"] });
    // What the client says of itself changes nothing.
    client.say({ typeUrl: THING, node: { id: EDGE, cluster: "public" } });
    const ended = await client.ended;
    assert.match(ended, /^PERMISSION_DENIED: /);
    assert.match(ended, message);
    assert.match((await events.seen(isKind("refused"))).message, message);
    assert.deepEqual(server.streams(), []);
    assert.equal(client.bytes.length, 0);
  });
}

test("no certificate", LIMIT, async (t) => {
  const running = await serve(t, view);
  const socket = await handshake(running, {});
  assert.ok(socket.destroyed);
  assert.match((await running.events.seen(isKind("handshake"))).message, /shows no certificate; give it one/);
});

for (const [what, make, message] of [
  [
    "a foreign authority",
    async () => material({ uris: [EDGE] }, await createAuthority("test")),
    /not from a trusted authority \([A-Z_]+\); issue it/,
  ],
  [
    "an expired certificate",
    () => material({ uris: [EDGE], notBefore: new Date(0), notAfter: new Date(1000) }),
    /has expired; renew it/,
  ],
  [
    "a certificate from the future",
    () => material({ uris: [EDGE], notBefore: new Date(Date.now() + 3_600_000) }),
    /is not valid yet; compare the clocks/,
  ],
  ["a certificate for servers only", () => material({ uris: [EDGE], usages: ["server"] }), /is not for clients/],
] as const) {
  test(`refused in the handshake: ${what}`, LIMIT, async (t) => {
    const running = await serve(t, view);
    const bad = await make();
    const client = new RawClient(running.server.address, bad);
    t.after(() => client.close());
    client.say({ typeUrl: THING });
    assert.match(await client.ended, /^UNAVAILABLE: /);
    assert.match((await running.events.seen(isKind("handshake"))).message, message);
    assert.equal(running.events.all.some(isKind("opened")), false);
  });
}

test("plain text and HTTP/1.1 get nowhere", LIMIT, async (t) => {
  const running = await serve(t, view);
  const good = await material({ uris: [EDGE] });
  const http1 = await handshake(running, {
    cert: good.certificate,
    key: good.key,
    ALPNProtocols: ["http/1.1"],
  });
  assert.ok(http1.destroyed);
  assert.deepEqual(running.server.streams(), []);
});

test("renewed material is used for new connections, without a restart", LIMIT, async (t) => {
  const old = await material({ uris: [CONTROLLER], commonName: "old" });
  const renewed = await material({ uris: [CONTROLLER], commonName: "renewed" });
  let current = old;
  const running = await serve(t, view, { tls: () => current });
  const own = await material({ uris: [EDGE] });
  const shown = async (): Promise<unknown> => {
    const socket = await handshake(running, { cert: own.certificate, key: own.key });
    const name = socket.getPeerCertificate().subject.CN;
    socket.destroy();
    return name;
  };
  const client = await raw(t, running.server);
  client.say({ typeUrl: THING });
  await client.responses.seen(() => true);

  assert.equal(await shown(), "old");
  current = renewed;
  assert.equal(await shown(), "renewed");
  current = { ...renewed, key: old.key };
  assert.equal(await shown(), "renewed");
  assert.equal(await shown(), "renewed");
  const complaints = running.events.all.filter(isKind("tls"));
  assert.equal(complaints.length, 1);
  assert.match(complaints[0]!.message, /tls\.key: does not belong to .*; the last good material stays in use$/);
  assert.equal(running.server.streams().length, 1);
});

test("an authority that is replaced is no longer trusted, also not by a resumed session", LIMIT, async (t) => {
  const own = await material({ uris: [CONTROLLER] });
  let current = own;
  const running = await serve(t, view, { tls: () => current });
  const client = await material({ uris: [EDGE] });
  const options = { cert: client.certificate, key: client.key, maxVersion: "TLSv1.2" } as const;
  const first = await handshake(running, options);
  const session = first.getSession();
  assert.ok(session !== undefined);
  first.destroy();
  const again = await handshake(running, { ...options, session });
  assert.equal(again.isSessionReused(), false);
  again.destroy();

  current = { ...own, authority: (await createAuthority("next")).certPem };
  const refused = await handshake(running, { ...options, session });
  assert.ok(refused.destroyed);
  assert.match((await running.events.seen(isKind("handshake"))).message, /not from a trusted authority/);
});

test("a connection does not outlive its certificate", LIMIT, async (t) => {
  const clock = new ManualClock();
  const { server, events } = await serve(t, view, { clock });
  const client = await raw(t, server, { uris: [EDGE], notAfter: new Date(clock.now() + 120_000) });
  client.say({ typeUrl: THING });
  client.say({ typeUrl: THING, responseNonce: (await client.responses.seen(() => true)).nonce });
  await events.seen(isKind("acked"));
  clock.pass(118_000);
  assert.equal(server.streams().length, 1);
  clock.pass(2000);
  assert.equal(await client.ended, "OK: the connection reached its age; connect again");
  assert.equal((await events.seen(isKind("closed"))).reason, "age");
});

test("a port in use, an address that is not here, a key that does not fit", LIMIT, async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  try {
    const { port } = holder.address() as AddressInfo;
    const tls = await material({ uris: [CONTROLLER] });
    const base = { domain: DOMAIN, tls: () => tls, view: () => view };
    await assert.rejects(startXdsServer({ ...base, listen: { address: "127.0.0.1", port } }), {
      name: "XdsError",
      code: "address",
      message: `listen 127.0.0.1:${port}: the port is in use; end the process that listens there, or choose another`,
    });
    await assert.rejects(startXdsServer({ ...base, listen: { address: "192.0.2.1", port: 0 } }), {
      name: "XdsError",
      message: "listen 192.0.2.1:0: no interface has this address; choose one of this machine",
    });
    const other = await material({ uris: [CONTROLLER] });
    const mixed = { ...tls, key: other.key };
    await assert.rejects(startXdsServer({ ...base, listen: LOCALHOST, tls: () => mixed }), {
      name: "XdsError",
      code: "key",
      message: "tls.key: does not belong to the certificate in tls.certificate; give the pair",
    });
  } finally {
    holder.close();
  }
});
