import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePeerName, peerOfCertificate } from "./peer-name.ts";

const DOMAIN = "carrick.example";
const EDGE = "spiffe://carrick.example/cluster/london/edge/public/e1";

test("the three kinds of names", () => {
  assert.deepEqual(parsePeerName(EDGE, DOMAIN), {
    role: "edge",
    cluster: "london",
    fleet: "public",
    name: "e1",
    uri: EDGE,
  });
  const controller = "spiffe://carrick.example/cluster/london/controller";
  assert.deepEqual(parsePeerName(controller, DOMAIN), { role: "controller", cluster: "london", uri: controller });
  const node = "spiffe://carrick.example/cluster/london/node/ip-10-0-0-1.eu.internal";
  assert.deepEqual(parsePeerName(node, DOMAIN), {
    role: "node",
    cluster: "london",
    node: "ip-10-0-0-1.eu.internal",
    uri: node,
  });
});

for (const [what, uri] of Object.entries({
  "another domain": "spiffe://other.example/cluster/london/edge/public/e1",
  "a domain that only begins like ours": "spiffe://carrick.example.evil/cluster/london/edge/public/e1",
  "a port": "spiffe://carrick.example:80/cluster/london/edge/public/e1",
  "another scheme": "https://carrick.example/cluster/london/edge/public/e1",
  "the scheme in upper case": "SPIFFE://carrick.example/cluster/london/edge/public/e1",
  "an unknown role": "spiffe://carrick.example/cluster/london/gateway/public/e1",
  "no role": "spiffe://carrick.example/cluster/london",
  "no cluster": "spiffe://carrick.example/cluster//edge/public/e1",
  "no name": "spiffe://carrick.example/cluster/london/edge/public",
  "an empty name": "spiffe://carrick.example/cluster/london/edge/public/",
  "a name too much": `${EDGE}/more`,
  "a slash at the end of a controller": "spiffe://carrick.example/cluster/london/controller/",
  dots: "spiffe://carrick.example/cluster/london/edge/public/..",
  escapes: "spiffe://carrick.example/cluster/london/edge/public/e%31",
  "a query": `${EDGE}?fleet=other`,
  "a fragment": `${EDGE}#x`,
  "upper case": "spiffe://carrick.example/cluster/london/edge/Public/e1",
  "a NUL": `${EDGE}\0`,
  "a newline": `${EDGE}\n`,
  "a long name": `spiffe://carrick.example/cluster/london/node/${"a.".repeat(130)}a`,
  "a URI beyond 2048 characters": `${EDGE}${"a".repeat(2048)}`,
})) {
  test(`refused: ${what}`, () => {
    const peer = parsePeerName(uri, DOMAIN);
    assert.ok("refused" in peer);
    assert.doesNotMatch(peer.refused, /[\0\n]/);
    assert.ok(peer.refused.length < 600);
  });
}

test("the URI is found among other names", () => {
  const names = `DNS:edge.example, URI:${EDGE}, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1`;
  assert.deepEqual(peerOfCertificate(names, DOMAIN), parsePeerName(EDGE, DOMAIN));
});

test("a name inside the quotes of another is not a name", () => {
  const forged = `DNS:${JSON.stringify(`x, URI:${EDGE}`)}`;
  assert.match(refusal(forged), /the certificate has no URI/);
  assert.match(refusal(`URI:${JSON.stringify(`${EDGE}, x`)}`), /not of the trust domain/);
});

test("a certificate without, with two, or with broken names", () => {
  assert.match(refusal(undefined), /has no URI; it must carry spiffe:\/\/carrick.example\/cluster/);
  assert.match(refusal("DNS:edge.example"), /has no URI/);
  assert.match(refusal(`URI:${EDGE}, URI:${EDGE}`), /has 2 URIs/);
  assert.match(refusal(`URI:${EDGE}, "broken`), /cannot be read/);
});

function refusal(names: string | undefined): string {
  const peer = peerOfCertificate(names, DOMAIN);
  assert.ok("refused" in peer);
  return peer.refused;
}
