import assert from "node:assert/strict";
import { X509Certificate, createPrivateKey } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:tls";
import { inspect } from "node:util";
import { test } from "node:test";
import { createAuthority } from "./authority.ts";
import { edgeName } from "./spiffe-name.ts";

test("a certificate carries its names, fits its key and is signed by the authority", async () => {
  const authority = await createAuthority("lab");
  const pair = await authority.issue({
    uris: [edgeName("carrick", "london", "public", "e1")],
    dnsNames: ["shop.example", "*.shop.example"],
    ips: ["127.0.0.1", "::1"],
  });
  const certificate = new X509Certificate(pair.certPem);
  assert.equal(
    certificate.subjectAltName,
    "URI:spiffe://carrick/cluster/london/edge/public/e1, DNS:shop.example, DNS:*.shop.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
  );
  assert.ok(certificate.checkPrivateKey(createPrivateKey(pair.keyPem)));
  assert.ok(certificate.verify(new X509Certificate(authority.certPem).publicKey));
  assert.equal(certificate.ca, false);
  assert.ok(pair.notAfter.getTime() > Date.now());
});

test("a foreign authority and an ended certificate are refused in a handshake", async () => {
  const authority = await createAuthority("lab");
  const foreign = await createAuthority("lab");
  const good = await authority.issue({ dnsNames: ["localhost"] });
  const past = await authority.issue({ dnsNames: ["localhost"], notBefore: new Date(0), notAfter: new Date(1000) });
  assert.equal(await handshake(good.certPem, good.keyPem, authority.certPem), "authorized");
  assert.match(await handshake(good.certPem, good.keyPem, foreign.certPem), /UNABLE_TO_VERIFY|SIGNATURE/);
  assert.equal(await handshake(past.certPem, past.keyPem, authority.certPem), "CERT_HAS_EXPIRED");
});

test("a key is not shown by inspection or JSON", async () => {
  const pair = await (await createAuthority("lab")).issue({ dnsNames: ["a.example"] });
  assert.doesNotMatch(inspect(pair, { showHidden: true, getters: false }) + JSON.stringify(pair), /PRIVATE KEY/);
});

test("a request without a name is refused", async () => {
  await assert.rejects((await createAuthority("lab")).issue({}), /no name given/);
});

async function handshake(cert: string, key: string, ca: string): Promise<string> {
  const server = createServer({ cert, key }, (socket) => socket.end());
  server.on("tlsClientError", () => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const socket = connect({ port: address.port, host: "127.0.0.1", servername: "localhost", ca });
  try {
    await once(socket, "secureConnect");
    return "authorized";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  } finally {
    socket.destroy();
    server.close();
  }
}
